"""Room 4, filter: cheap rules read the columns and give every candidate a verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.frames import table
from negmine.rules import reason
from negmine.schemas import FEATURES, POSITIVE, VERDICTS, with_retrievers
from negmine.settings import FilterSettings


def features(candidates: pl.DataFrame, similarity: NDArray[np.float32]) -> pa.Table:
    """Return one part of `features`: row for row beside `candidates`, what rules may read.

    `similarity`: float32 [rows], likeness to the closest positive of the query; NaN is "unknown".
    """
    known = pl.Series("positive_similarity", similarity, pl.Float32).fill_nan(None)
    return table(candidates.select("query_id", "doc_id").with_columns(known), FEATURES)


def verdicts(
    candidates: pl.DataFrame,
    similarity: pl.Series,
    corpus_keys: pl.DataFrame,
    query_keys: pl.DataFrame,
    settings: FilterSettings,
    retrievers: Sequence[str],
) -> pa.Table:
    """Return one part of `verdicts`: every candidate with kept, and the reason where it is not.

    `similarity`: the features' column, row for row. `corpus_keys`: doc_id, text_key. `query_keys`:
    query_id, query_key. `settings` are the effective rules (configuration.effective_rules).
    """
    is_positive = pl.col("label") == POSITIVE
    anchor = pl.col(f"{settings.score}_score").filter(is_positive).min().over("query_id")
    keyed = (
        candidates.with_columns(similarity.alias("positive_similarity"), positive_score=anchor)
        .join(corpus_keys, on="doc_id", how="left", maintain_order="left")
        .join(query_keys, on="query_id", how="left", maintain_order="left")
    )
    positive_keys = keyed.filter(is_positive).select("query_id", "text_key").unique()
    judged = (
        keyed.join(
            positive_keys.with_columns(same_text_as_positive=True),
            on=["query_id", "text_key"],
            how="left",
            maintain_order="left",
        )
        .with_columns(same_text_as_query=pl.col("text_key") == pl.col("query_key"))
        .with_columns(reason(settings))
        .with_columns(kept=pl.col("reason").is_null())
    )
    return table(judged, with_retrievers(VERDICTS, retrievers, after="score"))


def count_verdicts(verdicts: pl.LazyFrame) -> dict[str, object]:
    """Return the counts that a manifest keeps: candidates = kept + sum of removed, always."""
    counts = verdicts.group_by("reason").len().collect(engine="streaming")
    removed = dict(counts.drop_nulls().sort("len", descending=True).iter_rows())
    kept = int(counts.filter(pl.col("reason").is_null())["len"].sum())
    return {
        "candidates": kept + sum(removed.values()),
        "kept": kept,
        "removed": removed,
    }
