"""From rows of provenance to examples: each query with its positives and its negatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from negmine.data.schemas import POSITIVE

_NOT_SCORERS = (
    "positive",
    "positive_teacher",
)  # names of `<name>_score` columns that are no scorer's


def flat(provenance: pl.DataFrame) -> pl.DataFrame:
    """Return provenance with one document in a row, whatever format it is of.

    provenance: as in docs/reference/tables.md, with one value in a column or with lists. An id is null where a
    row has no positive or no negative.
    """
    rows = provenance.drop("retrievers")
    lists = [name for name, kind in rows.schema.items() if kind == pl.List]
    of_positives = [name for name in lists if name.startswith("positive_")]
    of_negatives = [name for name in lists if name not in of_positives]
    if not of_positives:
        return rows.explode(of_negatives) if of_negatives else rows
    both = [
        rows.select(pl.all().exclude(others)).explode(own)
        for own, others in ((of_positives, of_negatives), (of_negatives, of_positives))
    ]
    return pl.concat(both, how="diagonal").select(rows.columns)


def example(
    query_id: str, rows: pl.DataFrame, texts: Mapping[str, str], query: str
) -> dict[str, Any]:
    """Return one query with its positives, and its negatives with fused rank and scores, each once.

    rows: of that query, as `flat` gives them. texts: by doc_id.
    """
    positives = rows.drop_nulls("positive_id").unique(
        "positive_id", keep="first", maintain_order=True
    )
    negatives = rows.drop_nulls("negative_id").unique(
        "negative_id", keep="first", maintain_order=True
    )
    scorers = [
        name.removesuffix("_score")
        for name in rows.columns
        if name.endswith("_score") and name.removesuffix("_score") not in _NOT_SCORERS
    ]
    return {
        "query_id": query_id,
        "query": query,
        "positives": [
            {
                "doc_id": row["positive_id"],
                "by_judge": row["positive_label"] != POSITIVE,
                "text": texts.get(row["positive_id"]),
            }
            for row in positives.to_dicts()
        ],
        "negatives": [_negative(row, scorers, texts) for row in negatives.to_dicts()],
    }


def _negative(row: dict[str, Any], scorers: list[str], texts: Mapping[str, str]) -> dict[str, Any]:
    scores = {name: row[f"{name}_score"] for name in scorers}
    return {
        "doc_id": row["negative_id"],
        "rank": row["rank"],
        **{name: row[name] for name in ("origin", "written_for") if row.get(name)},
        "scores": {name: score for name, score in scores.items() if score is not None},
        "positive_score": row["positive_score"],
        "text": texts.get(row["negative_id"]),
    }
