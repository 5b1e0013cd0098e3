"""Which positives look like mistakes of those who labelled them.

Two tests are after DBPM, which reads the two tails of a training's losses; here finished scores are read. A
positive is suspected where every score that it has agrees:

- `below_pool`: the score puts it below almost all of its query's candidates.
- `unlike_query`: the score lies far below those of all positives, as if query and positive had nothing in
  common. Far is measured from the median in median absolute deviations, which outliers do not move.

The third goes by vectors, after label cleaning by nearest neighbours (as tried on TACRED):

- `near_negatives`: the pair's nearest negative pairs of other queries are nearer than its nearest positive
  pairs (data/pair_neighbours.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import polars as pl
import pyarrow as pa

from negmine.data.frames import table
from negmine.data.schemas import GENERATED, POSITIVE, SUSPECTS
from negmine.scorers.judge.base import RELEVANT

BELOW_POOL, UNLIKE_QUERY = "below_pool", "unlike_query"
NEAR_NEGATIVES = "near_negatives"
REASONS = (BELOW_POOL, UNLIKE_QUERY, NEAR_NEGATIVES)
Margins = Callable[[pl.DataFrame], pl.Series]
SD_PER_MAD = 1.4826  # of normally distributed values (Rousseeuw and Croux 1993)


class Middle(NamedTuple):
    """Median of all positives by one score, and the spread around it as a standard deviation."""

    median: float
    spread: float


def middle(scores: pl.Series) -> Middle:
    """Return median and spread of scores, nulls left out: 1.4826 times the median absolute deviation.

    Without scores both are 0; a spread of 0 means that no score is far away.
    """
    values = scores.drop_nulls().cast(pl.Float64)
    if values.is_empty():
        return Middle(0.0, 0.0)
    median = float(values.median())  # type: ignore[arg-type]
    return Middle(median, SD_PER_MAD * float((values - median).abs().median()))  # type: ignore[arg-type]


def suspects(
    verdicts: pl.DataFrame,
    names: Sequence[str],
    middles: Mapping[str, Middle],
    share: float | None,
    deviations: float | None,
    margins: Margins | None = None,
) -> pa.Table:
    """Return one part of `suspects`: every known positive, what speaks against it, and whether it is suspected.

    verdicts: a part of the table, queries together. names: of the scores that are asked. share: a positive
    below at least this share of its candidates is below its pool. deviations: a score this many spreads below
    the median is unlike. margins: by query_id and doc_id, how much nearer positive pairs are than negative
    ones; below 0 a positive is near negatives. None turns a test off.

    below: the least share, over all scores, of the query's candidates that have a higher score. distance: the
    least number of spreads, over all scores, below the median. Both are null for a positive without any score.
    """
    is_positive = pl.col("label") == POSITIVE
    in_pool = ~pl.col("label").is_in([POSITIVE, GENERATED])
    below = [_share_above(name, in_pool).alias(f"_below_{name}") for name in names]
    far = [_distance(name, middles[name]).alias(f"_far_{name}") for name in names]
    rows = verdicts.with_columns(*below, *far).filter(is_positive)
    least = {
        "below": pl.min_horizontal(f"_below_{name}" for name in names),
        "distance": pl.min_horizontal(f"_far_{name}" for name in names),
    }
    rows = rows.with_columns(**least).with_columns(
        neighbours=pl.lit(None, pl.Float32) if margins is None else margins(rows)
    )
    reason = (
        pl.when(_reaches("below", share))
        .then(pl.lit(BELOW_POOL))
        .when(_reaches("distance", deviations))
        .then(pl.lit(UNLIKE_QUERY))
        .when((pl.col("neighbours") < 0).fill_null(False))
        .then(pl.lit(NEAR_NEGATIVES))
    )
    verdict = pl.lit(None, pl.String).alias("judge_verdict")
    return table(
        rows.with_columns(verdict, reason=reason, suspected=reason.is_not_null()), SUSPECTS
    )


def cleared(tested: pl.DataFrame, judgments: pl.DataFrame) -> pa.Table:
    """Return one part of `suspects` after the judge: what it calls relevant is not suspected any more.

    tested: a part before the judge. judgments: query_id, doc_id, judge_verdict of those that it was asked
    about. Where it gave no verdict, a test's suspicion stands.
    """
    rows = tested.drop("judge_verdict").join(
        judgments, on=["query_id", "doc_id"], how="left", maintain_order="left"
    )
    stands = pl.col("suspected") & (pl.col("judge_verdict") != RELEVANT).fill_null(True)
    reason = pl.when(stands).then("reason")
    return table(rows.with_columns(reason=reason, suspected=stands), SUSPECTS)


def _share_above(name: str, in_pool: pl.Expr) -> pl.Expr:
    """The share of a query's candidates with a higher score than the row; null where one side has none."""
    score = pl.col(f"{name}_score")
    count = score.filter(in_pool).drop_nulls().len().over("query_id")
    higher = _place(score) - _place(
        pl.when(~in_pool).then(score)
    )  # all above, less the positives above
    return pl.when(count > 0).then(higher / count)


def _place(score: pl.Expr) -> pl.Expr:
    """How many of a query's rows have a higher score, plus 1; null without a score."""
    return score.rank("min", descending=True).over("query_id").cast(pl.Int64)


def _distance(name: str, around: Middle) -> pl.Expr:
    score = pl.col(f"{name}_score").cast(pl.Float64)
    if not around.spread:
        return pl.when(score.is_not_null()).then(0.0)
    return (around.median - score) / around.spread


def _reaches(column: str, limit: float | None) -> pl.Expr:
    return pl.lit(False) if limit is None else (pl.col(column) >= limit).fill_null(False)


def count_suspects(suspects: pl.LazyFrame) -> dict[str, object]:
    """Return the counts that a manifest keeps.

    queries_suspected: queries all of whose positives are suspected. suspected: positives by test.
    suspects_cleared, where the judge gave verdicts: those that a test suspects, and it calls relevant.
    """
    counts = suspects.group_by("reason").len().collect(engine="streaming")
    by_reason = dict(counts.drop_nulls("reason").sort("reason").iter_rows())
    judged = dict(
        suspects.group_by("judge_verdict")
        .len()
        .collect(engine="streaming")
        .drop_nulls()
        .iter_rows()
    )
    whole = suspects.group_by("query_id").agg(pl.col("suspected").all()).select("suspected")
    return {
        "positives_tested": int(counts["len"].sum()),
        "positives_suspected": sum(by_reason.values()),
        "queries_suspected": int(whole.collect(engine="streaming")["suspected"].sum()),
        **({"suspects_cleared": judged.get(RELEVANT, 0)} if judged else {}),
        "suspected": {reason: by_reason.get(reason, 0) for reason in REASONS},
    }
