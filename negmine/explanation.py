"""`explain`: one query's candidates with scores and reasons. Changes nothing."""

from __future__ import annotations

import difflib
from typing import Any

import polars as pl

from negmine.errors import InputError
from negmine.house import QUERIES, VERDICTS, House
from negmine.schemas import POSITIVE


def explain(house: House, query_id: str) -> dict[str, Any]:
    """Return a query's text and all its rows of `verdicts`, positives first, then by rank.

    Raises MissingArtifact before `filter` has run, InputError for a query that was not mined.
    """
    house.work.require(VERDICTS)
    query = house.work.scan(QUERIES).filter(pl.col("query_id") == query_id).collect()
    if query.height == 0:
        known = house.work.scan(QUERIES).select("query_id").collect()["query_id"].to_list()
        close = difflib.get_close_matches(query_id, known, n=1)
        hint = f' Did you mean "{close[0]}"?' if close else f' The first is "{known[0]}".'
        raise InputError(f'There is no query "{query_id}" in {house.work.root}.{hint}')
    first = query["same_as"][0] or query_id
    rows = house.work.scan(VERDICTS).filter(pl.col("query_id") == first).collect()
    if rows.height == 0:
        raise InputError(f'Query "{query_id}" has no positive in the qrels, so it was not mined.')
    texts = house.texts(rows["doc_id"])
    ordered = rows.join(texts, on="doc_id", how="left", maintain_order="left").sort(
        pl.col("label") != POSITIVE, pl.col("rank").fill_null(2**30), maintain_order=True
    )
    return {
        "query_id": first,
        "text": query["text"][0],
        "asked_for": query_id,
        "columns": [name for name in rows.columns if name not in ("query_id", "rank")],
        "rows": ordered.drop("query_id").to_dicts(),
    }
