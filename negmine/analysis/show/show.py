"""`show`: a few examples of the current training file, with their texts. Changes nothing."""

from __future__ import annotations

import shlex
from typing import Any

import polars as pl

from negmine.analysis.show.examples import example, flat
from negmine.data.find_query import find_query
from negmine.data.hashing import name_hashes
from negmine.engine.context import Context
from negmine.engine.status import require_made_from
from negmine.errors import InputError, MissingArtifact
from negmine.storage.layout import CARD, PROVENANCE, QUERIES, TEXTS
from negmine.storage.manifest import Manifest


def show(context: Context, queries: int, query: str | None, seed: int) -> dict[str, Any]:
    """Return examples of the training file that `write` made last.

    query: a query_id, or words of the query. queries: without one, how many are drawn, at random by `seed`.
    Returns format and rows of the training file, queries_written, the score that thresholds read, and
    `examples` in the order of the file (examples.py). Raises MissingArtifact before `write` has run, InputError
    where nothing was written, or nothing for this query.
    """
    manifest = context.work.require(PROVENANCE)
    _check_belongs(context, manifest)
    ids = context.work.scan(PROVENANCE).select(pl.col("query_id").unique(maintain_order=True))
    written = ids.collect()["query_id"]
    chosen = _drawn(written, queries, seed) if query is None else _named(context, written, query)
    return {
        "format": manifest.settings.get("format"),
        "rows": manifest.rows,
        "queries_written": len(written),
        "score": context.config.filter.score,
        "seed": None if query is not None else seed,
        "examples": _examples(context, chosen),
    }


def _check_belongs(context: Context, provenance: Manifest) -> None:
    """Raise MissingArtifact where training file, provenance and texts are of different runs."""
    name = f"{CARD}/{provenance.settings.get('format')}"
    training = context.work.manifest(name)
    if training is None:
        return
    require_made_from(context, name, TEXTS)
    shared = training.inputs.keys() & provenance.inputs.keys()
    if any(training.inputs[one] != provenance.inputs[one] for one in shared):
        raise MissingArtifact(
            f"{PROVENANCE} is not that of {name}. Run: negmine write {context.work.name}"
        )


def _drawn(written: pl.Series, count: int, seed: int) -> pl.Series:
    """Return `count` queries: those whose hash under the seed is smallest, in the order of the file."""
    if written.is_empty():
        raise InputError(
            "The training file has no row, so there is nothing to show. negmine explain shows why candidates "
            "were not kept."
        )
    drawn = name_hashes(written, seed).arg_sort().head(count).sort()
    return written.gather(drawn)


def _named(context: Context, written: pl.Series, query: str) -> pl.Series:
    queries = context.work.scan(QUERIES).select("query_id", "text", "same_as")
    match = find_query(queries, query)
    named = written.filter(written == match.first_id)
    if named.is_empty():
        raise InputError(
            f'Query "{match.query_id}" has no row in the training file. To see why, run: '
            f"{shlex.join(['negmine', 'explain', context.work.name, match.query_id])}"
        )
    return named


def _examples(context: Context, query_ids: pl.Series) -> list[dict[str, Any]]:
    wanted = query_ids.to_frame("query_id").lazy()
    provenance = context.work.scan(PROVENANCE).join(wanted, on="query_id", how="semi")
    rows = flat(provenance.collect())
    documents = pl.concat([rows["positive_id"], rows["negative_id"]]).drop_nulls()
    texts = dict(context.corpus.texts(documents.alias("doc_id")).iter_rows())
    queries = context.queries.texts(query_ids)
    return [
        example(query_id, rows.filter(pl.col("query_id") == query_id), texts, queries[query_id])
        for query_id in query_ids
    ]
