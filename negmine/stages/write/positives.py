"""Which positives of a query are written."""

from __future__ import annotations

import polars as pl

from negmine.config.settings import WriteSettings
from negmine.data.hashing import name_hashes
from negmine.data.schemas import POSITIVE, POSITIVE_TEACHER
from negmine.stages.filter.relabelled import IS_RELABELLED, RELABELLED

IS_POSITIVE = pl.col("label") == POSITIVE


def positives(
    verdicts: pl.DataFrame, write: WriteSettings, score: str, teacher: str | None = None
) -> pl.DataFrame:
    """Return query_id, positive_id, positive_label of each query: the positives of qrels first.

    With a teacher, its score is positive_teacher_score.

    With `relabel`, what RELABELLED names follows them, under its labels. `positives` says which are written:
    all; the `best` by `score`, one without a score last, ties by doc_id; or a `sample` of one, drawn by `seed`,
    query_id and the doc_ids alone.
    """
    rows = verdicts.filter(_is_relevant(write)).sort(
        pl.col("query_id").rle_id(), ~IS_POSITIVE, maintain_order=True
    )
    if write.positives == "best":
        rows = _first(rows, -pl.col(f"{score}_score"), pl.col("doc_id"))
    elif write.positives == "sample":
        pairs = rows.select(pl.concat_str("query_id", "doc_id", separator="\0")).to_series()
        rows = rows.with_columns(_draw=name_hashes(pairs, write.seed))
        rows = _first(rows, pl.col("_draw"))
    label = pl.lit(POSITIVE)
    if write.relabel:
        further = pl.col("reason").replace_strict(RELABELLED, default=None, return_dtype=pl.String)
        label = pl.when(IS_POSITIVE).then(label).otherwise(further)
    scores = {} if teacher is None else {POSITIVE_TEACHER: pl.col(f"{teacher}_score")}
    return rows.select(
        "query_id", pl.col("doc_id").alias("positive_id"), positive_label=label, **scores
    )


def _is_relevant(write: WriteSettings) -> pl.Expr:
    return IS_POSITIVE | IS_RELABELLED if write.relabel else IS_POSITIVE


def _first(rows: pl.DataFrame, *keys: pl.Expr) -> pl.DataFrame:
    """Return the first row of every query by these keys, nulls last; queries stay where they are."""
    in_order = rows.sort(pl.col("query_id").rle_id(), *keys, nulls_last=True, maintain_order=True)
    return in_order.filter(pl.int_range(pl.len()).over("query_id") == 0)
