"""The evaluation sets that a run was compared with: what of them stands in the mined and the written data."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from negmine.engine.context import Context
from negmine.stages.filter.contamination.evaluation import DOCUMENT, QUERY
from negmine.storage.layout import CONTAMINATED, PROVENANCE


class Checked(NamedTuple):
    """One evaluation set, its queries and documents, and contaminated texts.

    mined: contaminated queries and positives of the run. written: contaminated queries, positives and negatives
    in the training files.
    """

    name: str
    split: str
    queries: int
    documents: int
    mined_queries: int
    mined_positives: int
    queries_written: int
    positives_written: int
    negatives_written: int


def checked(context: Context) -> list[Checked]:
    """Return the sets of --decontaminate; none without it."""
    if not context.config.filter.decontaminate:
        return []
    texts = context.work.scan(CONTAMINATED).select("what", "id", "set").unique().collect()
    positives = context.queries.all_positives()["doc_id"].unique()
    written = {
        column: _written(context, column) for column in ("query_id", "positive_id", "negative_id")
    }
    rows = []
    for one in context.work.require(CONTAMINATED).stats["sets"]:
        its = texts.filter(pl.col("set") == one["name"])
        queries, documents = (
            its.filter(pl.col("what") == what)["id"] for what in (QUERY, DOCUMENT)
        )
        counts = [
            (queries, None),
            (documents, positives),
            (queries, written["query_id"]),
            (documents, written["positive_id"]),
            (documents, written["negative_id"]),
        ]
        numbers = [
            len(ids) if among is None else int(ids.is_in(among.implode()).sum())
            for ids, among in counts
        ]
        rows.append(Checked(one["name"], one["split"], one["queries"], one["documents"], *numbers))
    return rows


def _written(context: Context, column: str) -> pl.Series:
    """Return the distinct ids of a column of `provenance`."""
    ids = context.work.scan(PROVENANCE).select(column)
    if isinstance(ids.collect_schema()[column], pl.List):
        ids = ids.explode(column)
    return ids.drop_nulls().unique().collect(engine="streaming")[column]
