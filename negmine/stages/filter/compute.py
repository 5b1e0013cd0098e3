"""Stage 4, filter: rules read columns and give every candidate a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from negmine.config.pairs_formats import GIVEN
from negmine.config.settings import FilterSettings
from negmine.data.frames import table
from negmine.data.schemas import (
    GENERATED,
    JUDGED_NEGATIVE,
    POSITIVE,
    VERDICTS,
    with_opinions,
    with_origin,
)
from negmine.stages.filter.rules import anchor, reason


def gathered(
    candidates: pl.DataFrame,
    features: pl.DataFrame,
    scores: Mapping[str, pl.Series],
    judged: pl.Series | None = None,
) -> pl.DataFrame:
    """Return `candidates` with all that lies row for row beside them: what rules read.

    scores: of every scorer, by name. judged: the judge's verdicts, if there is a judge.
    """
    return candidates.with_columns(
        *(values.cast(pl.Float32).alias(f"{name}_score") for name, values in scores.items()),
        *features.drop("query_id", "doc_id").get_columns(),
        judge_verdict=pl.lit(None, pl.String) if judged is None else judged,
    )


def verdicts(
    rows: pl.DataFrame,
    corpus_keys: pl.DataFrame,
    query_keys: pl.DataFrame,
    settings: FilterSettings,
    retrievers: Sequence[str],
    scorers: Sequence[str],
) -> pa.Table:
    """Return one part of `verdicts`: every candidate with kept, and the reason where it is not.

    `rows`: see `gathered`. `corpus_keys`: doc_id, text_key, body_key. `query_keys`: query_id, query_key.
    `settings` are the effective rules (effective.effective_rules).
    """
    keyed = (
        rows.with_columns(*(rank_of(name) for name in scorers), positive_score=anchor(settings))
        .join(corpus_keys, on="doc_id", how="left", maintain_order="left")
        .join(query_keys, on="query_id", how="left", maintain_order="left")
    )
    decided = (
        keyed.with_columns(same_text_as_positive=same_text_as_positive(keyed))
        .with_columns(same_text_as_query=pl.col("text_key") == pl.col("query_key"))
        .with_columns(reason(settings))
        .with_columns(kept=pl.col("reason").is_null())
    )
    schema = with_opinions(VERDICTS, [*retrievers, *scorers], after="score")
    return table(decided, with_origin(schema, decided.columns))


def same_text_as_positive(keyed: pl.DataFrame) -> pl.Series:
    """Tell for every row whether its text, with its title or without, is that of a positive, [rows].

    keyed: query_id, label, text_key, body_key.
    """
    is_same = pl.repeat(False, keyed.height, eager=True)
    for key in ("text_key", "body_key"):
        of_positives = keyed.filter(pl.col("label") == POSITIVE).select("query_id", key).unique()
        same = keyed.join(
            of_positives.with_columns(same=True),
            on=["query_id", key],
            how="left",
            maintain_order="left",
        )
        is_same |= same["same"].fill_null(False)
    return is_same


def rank_of(name: str) -> pl.Expr:
    """The rank of a row among its query's by a scorer, from 1, ties by doc_id; null without a score.

    What a language model wrote has none: ranks are those that retrieved documents would have without it.
    """
    score, is_written = pl.col(f"{name}_score"), pl.col("label") == GENERATED
    order = pl.struct(is_written.alias("_written"), -score.fill_null(-np.inf), "doc_id")
    rank = order.rank("ordinal").over("query_id")
    return (
        pl.when(score.is_not_null() & ~is_written).then(rank).cast(pl.Int32).alias(f"{name}_rank")
    )


def count_verdicts(verdicts: pl.LazyFrame) -> dict[str, object]:
    """Return the counts that a manifest keeps: candidates = kept + sum of removed, always.

    judged_negatives_kept: how many of the kept rows people judged not relevant, where there are any. given: the
    same counts of the negatives that the user's file has, where they are candidates.
    """
    is_judged = (pl.col("label") == JUDGED_NEGATIVE).sum().alias("judged")
    counts = verdicts.group_by("reason").agg(pl.len(), is_judged).collect(engine="streaming")
    by_reason = counts.drop_nulls("reason").sort("len", descending=True)
    removed = dict(by_reason.select("reason", "len").iter_rows())
    rows_kept = counts.filter(pl.col("reason").is_null())
    kept, judged = int(rows_kept["len"].sum()), int(rows_kept["judged"].sum())
    return {
        "candidates": kept + sum(removed.values()),
        "kept": kept,
        "removed": removed,
        **({"judged_negatives_kept": judged} if judged else {}),
        **_count_generated(verdicts),
        **_count_given(verdicts),
    }


def _count_generated(verdicts: pl.LazyFrame) -> dict[str, object]:
    """Count what became of the documents that a language model wrote: candidates = kept + sum of removed.

    for_others: how many of these, and of the kept ones, were written for another query, where they are shared.
    """
    columns = verdicts.collect_schema()
    if "origin" not in columns:
        return {}
    written = verdicts.filter(pl.col("label") == GENERATED)
    counts = written.group_by("reason").len().collect(engine="streaming")
    removed = counts.drop_nulls("reason").sort("len", "reason", descending=[True, False])
    total, dropped = int(counts["len"].sum()), int(removed["len"].sum())
    return {
        "generated": {
            "candidates": total,
            "kept": total - dropped,
            "removed": dict(removed.iter_rows()),
            **({"for_others": _count_shared(written)} if "written_for" in columns else {}),
        }
    }


def _count_shared(written: pl.LazyFrame) -> dict[str, int]:
    shared = written.filter(pl.col("written_for") != pl.col("query_id"))
    counts = shared.select(candidates=pl.len(), kept=pl.col("kept").sum())
    return dict(counts.collect(engine="streaming").row(0, named=True))


def _count_given(verdicts: pl.LazyFrame) -> dict[str, object]:
    """Count what became of the negatives of --pairs, and the queries that lose one or more of them."""
    column = f"{GIVEN}_rank"
    if column not in verdicts.collect_schema():
        return {}
    given = verdicts.filter(pl.col(column).is_not_null())
    counts = given.group_by("query_id", "reason").len().collect(engine="streaming")
    lost = counts.drop_nulls("reason")
    by_reason = (
        lost.group_by("reason")
        .agg(pl.col("len").sum())
        .sort("len", "reason", descending=[True, False])
    )
    return {
        "given": {
            "candidates": int(counts["len"].sum()),
            "kept": int(counts.filter(pl.col("reason").is_null())["len"].sum()),
            "removed": dict(by_reason.iter_rows()),
            "queries_with_removed": lost["query_id"].n_unique(),
        }
    }
