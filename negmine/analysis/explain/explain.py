"""`explain`: one query's candidates with scores and reasons. Changes nothing."""

from __future__ import annotations

from typing import Any

import polars as pl

from negmine.analysis.explain.find import find_query
from negmine.config.effective import opinions
from negmine.data.schemas import POSITIVE
from negmine.errors import InputError
from negmine.stages.context import QUERIES, RISK_MODEL, VERDICTS, House
from negmine.stages.filter.risk.signals import with_signals


def explain(house: House, query: str) -> dict[str, Any]:
    """Return a query's text and all its rows of `verdicts`, positives first, then by rank.

    query: a query_id, or words of the query (find.py). Raises MissingArtifact before `filter` has run,
    InputError where no query, or several, are meant, or where it was not mined.
    """
    house.work.require(VERDICTS)
    queries = house.work.scan(QUERIES)
    query_id = find_query(queries.select("query_id", "text", "same_as"), query)
    asked = queries.filter(pl.col("query_id") == query_id).collect()
    first = asked["same_as"][0] or query_id
    rows = house.work.scan(VERDICTS).filter(pl.col("query_id") == first).collect()
    if rows.height == 0:
        raise InputError(f'Query "{query_id}" has no positive in the qrels, so it was not mined.')
    texts = house.texts(rows["doc_id"])
    ordered = rows.join(texts, on="doc_id", how="left", maintain_order="left").sort(
        pl.col("label") != POSITIVE, pl.col("rank").fill_null(2**30), maintain_order=True
    )
    with_all = with_signals(
        ordered, [name for name in opinions(house.settings) if _scored(rows, name)]
    )
    return {
        "query_id": first,
        "text": asked["text"][0],
        "asked_for": query_id,
        "columns": [name for name in rows.columns if name not in ("query_id", "rank")],
        "rows": with_all.drop("query_id").to_dicts(),
        "risk": _risk(house),
    }


def _scored(rows: pl.DataFrame, name: str) -> bool:
    return f"{name}_score" in rows.columns


def _risk(house: House) -> dict[str, Any] | None:
    """Return what the risk rests on: weights, evidence, calibration; None where none was learned."""
    manifest = house.work.manifest(RISK_MODEL)
    if manifest is None or "risk" not in house.scorers:
        return None
    return manifest.stats
