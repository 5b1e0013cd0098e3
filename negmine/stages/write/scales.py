"""What weights and levels of negatives are measured by, over the whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from typing import NamedTuple

import polars as pl

from negmine.data.schemas import POSITIVE, UNLABELED
from negmine.stages.write.quantiles import Values, at_shares

BUCKETS = (5, 10, 20, 50, 100)  # upper ends of rank buckets; the last is open
_LEVEL, _PROPENSITY = "level", "propensity"
_BEGINS = ("medium", "easy")
THIRDS = ((1, 3), (2, 3))


class Scales(NamedTuple):
    """What weight and level are measured by.

    level_limits: the margins at which medium and easy begin. propensities: retriever, bucket, propensity: the
    share of candidates at such ranks that people judged. None where nothing needs them.
    """

    level_limits: tuple[float, float] | None = None
    propensities: pl.DataFrame | None = None


NO_SCALES = Scales()
_COUNTS = ("rows", "judged", "positives")
_JUDGED = {"retriever": pl.String, "bucket": pl.Int64, **dict.fromkeys(_COUNTS, pl.Int64)}


def level_limits(passes: Callable[[], Iterable[pl.Series]]) -> tuple[float, float] | None:
    """Return the margins at which medium and easy begin, so that a third of the negatives is in each level.

    passes(): yields the margins in pieces, float32; it is called twice. None where there is no margin. Equal
    margins are in one level.
    """

    def pieces() -> Iterator[Values]:
        return (margins.drop_nulls().drop_nans().to_numpy() for margins in passes())

    limits = at_shares(pieces, THIRDS)
    return None if limits is None else (limits[0], limits[1])


def bucket_of(rank: pl.Expr) -> pl.Expr:
    """The number of a rank's bucket, from 0."""
    return pl.sum_horizontal([(rank > end).cast(pl.Int64) for end in BUCKETS])


def judged_by_rank(verdicts: pl.DataFrame, retrievers: Sequence[str]) -> pl.DataFrame:
    """Return retriever, bucket, and how many rows, judged ones and positives there are at such ranks."""
    counts = [pl.len(), (pl.col("label") != UNLABELED).sum(), (pl.col("label") == POSITIVE).sum()]
    tables = [
        verdicts.filter(pl.col(f"{name}_rank").is_not_null())
        .group_by(retriever=pl.lit(name), bucket=bucket_of(pl.col(f"{name}_rank")))
        .agg(count.cast(pl.Int64).alias(name) for name, count in zip(_COUNTS, counts, strict=True))
        for name in retrievers
    ]
    return pl.concat(tables)


def summed(counts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return the counts of `judged_by_rank` of many parts, added up one after the other."""

    def added(total: pl.DataFrame, some: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([total, some]).group_by("retriever", "bucket").sum()

    return reduce(added, counts, pl.DataFrame(schema=_JUDGED))


def propensities(counts: pl.DataFrame) -> pl.DataFrame:
    """Return retriever, bucket, propensity. counts: of `judged_by_rank`, of any number of parts."""
    total = counts.group_by("retriever", "bucket").sum().sort("retriever", "bucket")
    return total.select("retriever", "bucket", propensity=pl.col("judged") / pl.col("rows"))


def to_rows(scales: Scales) -> pl.DataFrame:
    """Return scales as rows of `schemas.SCALES`: what, name, bucket, value."""
    rows = [
        (_LEVEL, name, None, limit)
        for name, limit in zip(_BEGINS, scales.level_limits or (), strict=False)
    ]
    if scales.propensities is not None:
        rows += [(_PROPENSITY, *row) for row in scales.propensities.iter_rows()]
    schema = {"what": pl.String, "name": pl.String, "bucket": pl.Int64, "value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def from_rows(rows: pl.DataFrame) -> Scales:
    """Return scales of rows of `schemas.SCALES`."""
    limits = dict(rows.filter(what=_LEVEL).select("name", "value").iter_rows())
    shares = rows.filter(what=_PROPENSITY).select(
        pl.col("name").alias("retriever"), "bucket", pl.col("value").alias("propensity")
    )
    return Scales(
        (limits["medium"], limits["easy"]) if limits else None,
        None if shares.is_empty() else shares,
    )
