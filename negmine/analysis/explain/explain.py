"""`explain`: one query's candidates with scores and reasons. Changes nothing."""

from __future__ import annotations

from typing import Any

import polars as pl

from negmine.data.find_query import find_query
from negmine.data.schemas import POSITIVE
from negmine.engine.context import Context
from negmine.engine.status import require_made_from
from negmine.errors import InputError
from negmine.stages.filter.risk.signals import evidence_of, with_signals
from negmine.stages.filter.suspects.tasks import wanted
from negmine.storage.layout import QUERIES, RISK_MODEL, SUSPECTS, TEXTS, VERDICTS


def explain(context: Context, query: str) -> dict[str, Any]:
    """Return a query's text and all its rows of `verdicts`, positives first, then by rank.

    query: a query_id, or words of the query. Raises MissingArtifact before `filter` has run, InputError where
    no query, or several, are meant, or where it was not mined.
    """
    require_made_from(context, VERDICTS, TEXTS)
    queries = context.work.scan(QUERIES)
    match = find_query(queries.select("query_id", "text", "same_as"), query)
    rows = context.work.scan(VERDICTS).filter(pl.col("query_id") == match.first_id).collect()
    if rows.height == 0:
        raise InputError(
            f'Query "{match.query_id}" has no positive in qrels and labels, so it was not mined.'
        )
    texts = context.corpus.texts(rows["doc_id"])
    ordered = rows.join(texts, on="doc_id", how="left", maintain_order="left").sort(
        pl.col("label") != POSITIVE, pl.col("rank").fill_null(2**30), maintain_order=True
    )
    evidence = evidence_of(context.config)
    scored = [name for name in evidence.scores if f"{name}_score" in rows.columns]
    explained = with_signals(ordered, evidence._replace(scores=scored))
    explained = _with_suspects(context, explained, match.first_id)
    return {
        "query_id": match.first_id,
        "text": match.text,
        "asked_for": query,
        "found_by": "id" if match.query_id == query else "words",
        "columns": [name for name in rows.columns if name not in ("query_id", "rank")],
        "rows": explained.drop("query_id").to_dicts(),
        "risk": _risk(context),
    }


def _with_suspects(context: Context, rows: pl.DataFrame, query_id: str) -> pl.DataFrame:
    """Add `suspected`: why a positive is suspected; null where it is not, or nobody asked."""
    if not wanted(context) or context.work.manifest(SUSPECTS) is None:
        return rows.with_columns(suspected=pl.lit(None, pl.String))
    suspects = context.work.scan(SUSPECTS).filter(pl.col("query_id") == query_id, "suspected")
    reasons = suspects.select("doc_id", suspected="reason", label=pl.lit(POSITIVE)).collect()
    return rows.join(reasons, on=["doc_id", "label"], how="left", maintain_order="left")


def _risk(context: Context) -> dict[str, Any] | None:
    """Return what the risk rests on: weights, evidence, calibration; None where none was learned."""
    manifest = context.work.manifest(RISK_MODEL)
    if manifest is None or "risk" not in context.config.scorers:
        return None
    return manifest.stats
