"""Which documents of a training file are copies, or near copies, of each other."""

from __future__ import annotations

import numpy as np
import polars as pl

from negmine.data.frames import frame
from negmine.data.near_copies import BANDS, Ints, band_keys, candidate_pairs, groups
from negmine.data.shingles.column import BITS
from negmine.data.shingles.grams import shingles_of, word_hashes
from negmine.data.shingles.jaccard import Sets
from negmine.data.shingles.words import normalise_all, separate_words
from negmine.engine.context import Context
from negmine.stages.batch.fill import Numbers

STEP = 4_096  # documents that are cut into words at once


def groups_of(context: Context, doc_ids: pl.Series, near_copy: float) -> Numbers:
    """Return the group of each document, int32 from 0. doc_ids: sorted.

    Near copies have a Jaccard similarity of word 3-grams of at least `near_copy`. A chain of them is one group.
    """
    positions = context.corpus.positions(doc_ids)
    order = np.argsort(positions, kind="stable")
    keys = np.concatenate(
        [np.empty((0, BANDS), np.uint64)]
        + [band_keys(*shingles) for shingles in _shingles(context, positions[order])]
    )
    left, right = candidate_pairs(keys)
    near = _similarity(context, positions[order], left, right) >= np.float32(near_copy)
    labels = np.empty(len(doc_ids), np.int32)
    labels[order] = groups(len(doc_ids), left[near], right[near])
    return labels


def _shingles(context: Context, positions: Ints):  # type: ignore[no-untyped-def]
    """Yield the shingles of documents at these ascending positions, as band_keys takes them."""
    for table in context.corpus.documents(positions):
        for rows in frame(table).iter_slices(STEP):
            if rows.height:
                yield shingles_of(*word_hashes(separate_words(normalise_all(rows["text"]))), BITS)


def _similarity(context: Context, positions: Ints, left: Ints, right: Ints):  # type: ignore[no-untyped-def]
    """Return the Jaccard similarity of pairs. Only the documents in a pair are held in memory."""
    used = np.unique(np.concatenate([left, right]))
    hashes, counts = [np.empty(0, np.uint32)], [np.zeros(1, np.int64)]
    for shingles, offsets in _shingles(context, positions[used]):
        hashes.append(shingles.astype(np.uint32))
        counts.append(np.diff(offsets))
    sets = Sets(np.concatenate(hashes), np.cumsum(np.concatenate(counts)))
    return sets.jaccard(np.searchsorted(used, left), np.searchsorted(used, right))
