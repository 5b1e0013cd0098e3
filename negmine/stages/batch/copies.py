"""Which documents of a training file are copies, or near copies, of each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.data.frames import frame
from negmine.data.near_copies import BANDS, Hashes, Ints, band_keys, candidate_pairs, groups
from negmine.data.shingles.column import BITS
from negmine.data.shingles.grams import shingles_of, word_hashes
from negmine.data.shingles.jaccard import Sets
from negmine.data.shingles.words import normalise_all, separate_words
from negmine.engine.context import Context
from negmine.stages.batch.fill import Numbers
from negmine.storage.layout import CORPUS, GENERATED

STEP = 4_096  # documents that are cut into words at once


def groups_of(context: Context, doc_ids: pl.Series, near_copy: float) -> Numbers:
    """Return the group of each document, int32 from 0. doc_ids: each once.

    Of one group are documents that have the same text without their titles, and near copies: their Jaccard
    similarity of word 3-grams is at least `near_copy`. A chain of such pairs is one group.
    """
    positions = context.documents.positions(doc_ids)
    order = np.argsort(positions, kind="stable")
    shingles = (band_keys(*some) for some in _shingles(context, positions[order]))
    left, right = candidate_pairs(np.concatenate([np.empty((0, BANDS), np.uint64), *shingles]))
    near = _similarity(context, positions[order], left, right) >= np.float32(near_copy)
    same_left, same_right = _same_body(context, doc_ids)
    labels: Numbers = groups(
        len(doc_ids),
        np.concatenate([order[left[near]], same_left]),
        np.concatenate([order[right[near]], same_right]),
    ).astype(np.int32)
    return labels


def _shingles(context: Context, positions: Ints) -> Iterator[tuple[Hashes, Ints]]:
    """Yield the shingles of documents at these ascending positions, as `band_keys` takes them."""
    for table in context.documents.documents(positions):
        for rows in frame(table).iter_slices(STEP):
            if rows.height:
                yield shingles_of(*word_hashes(separate_words(normalise_all(rows["text"]))), BITS)


def _similarity(context: Context, positions: Ints, left: Ints, right: Ints) -> NDArray[np.float32]:
    """Return the Jaccard similarity of pairs. Only documents that are in a pair are held in memory."""
    used = np.unique(np.concatenate([left, right]))
    hashes, counts = [np.empty(0, np.uint32)], [np.zeros(1, np.int64)]
    for shingles, offsets in _shingles(context, positions[used]):
        hashes.append(shingles.astype(np.uint32))
        counts.append(np.diff(offsets))
    sets = Sets(np.concatenate(hashes), np.cumsum(np.concatenate(counts)))
    return sets.jaccard(np.searchsorted(used, left), np.searchsorted(used, right))


def _same_body(context: Context, doc_ids: pl.Series) -> tuple[Ints, Ints]:
    """Return pairs of places in doc_ids, chains of them: documents of one text, whatever their titles."""
    numbered = doc_ids.alias("doc_id").to_frame().with_row_index("place").lazy()
    places = (
        _bodies(context)
        .join(numbered, on="doc_id")
        .filter(pl.len().over("body_key") > 1)
        .sort("body_key", "place")
        .select(pl.col("place").cast(pl.Int64), next=pl.col("place").shift(-1).over("body_key"))
        .drop_nulls()
        .collect()
    )
    return places["place"].to_numpy(), places["next"].cast(pl.Int64).to_numpy()


def _bodies(context: Context) -> pl.LazyFrame:
    """Return doc_id, body_key of every document with a text."""
    bodies = context.work.scan(CORPUS).filter(pl.col("text").str.strip_chars() != "")
    indexed = bodies.select("doc_id", "body_key")
    if not context.config.generates:
        return indexed
    written = context.work.scan(GENERATED).drop_nulls("doc_id")
    return pl.concat([indexed, written.select("doc_id", body_key="text_key")])
