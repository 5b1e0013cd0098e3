"""Distributions of scores, and of positive minus negative, before and after every rule.

After "Visualizing Feature Transformation" (Zhu et al. 2021): look at positive and negative scores before
believing a mining run. Counted in 2,000 bins over a scorer's range, drawn in at most 40. Most risks are small,
and so are the limits people set: their bins are evenly spread in logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from negmine.analysis.report.sections.base import (
    IS_POSITIVE,
    About,
    Merge,
    Part,
    Section,
    Source,
    Tables,
    rounded,
)
from negmine.analysis.report.thresholds import thresholds
from negmine.data.schemas import JUDGED_NEGATIVE
from negmine.stages.filter.rules import REASONS

Ints = NDArray[np.int64]
FINE, DRAWN = 2000, 40
LOGGED, LEAST = ("risk",), 1e-5  # scorers with logarithmic bins; what lies below counts as this
NAME = "scores"
_KEYS = ("scorer", "of", "positive", "reason", "written", "bin")


class Distribution(Part):
    """Some scores. Quantiles come from 2,000 bins over the range: they are exact to 1/2000 of it."""

    count: int = Field(description="scores")
    missing: int = Field(description="rows without a score")
    mean: float | None = Field(description="null where there is no score, as all below")
    std: float | None = Field(description="standard deviation of the population")
    min: float | None = Field(description="smallest")
    q25: float | None = Field(description="first quartile")
    median: float | None = Field(description="median")
    q75: float | None = Field(description="third quartile")
    max: float | None = Field(description="largest")
    bins: list[int] = Field(description="scores between neighbouring `edges`")


class Stage(Part):
    """The candidates that are left after some rules."""

    after: str = Field(description="the last rule that was applied; empty: before any")
    candidates: Distribution = Field(description="what is left; positives are not among them")


class View(Part):
    """Distributions over common bins."""

    edges: list[float] = Field(description="ends of the bins, one more than there are bins")
    logged: bool = Field(
        description="whether the bins are evenly spread in logarithms, as of a risk"
    )
    positives: Distribution | None = Field(description="known positives; null for differences")
    stages: list[Stage] = Field(description="before any rule, then after each rule that fired")
    written: Distribution = Field(description="negatives in the training file")


class Scorer(Part):
    """What one retriever or scorer says of positives, candidates and negatives."""

    scorer: str = Field(description="its name")
    decides: bool = Field(description="whether --score names it: margins and limits read its score")
    thresholds: dict[str, float] = Field(
        description="setting to limit: those in force that read it"
    )
    scores: View = Field(description="scores")
    differences: View = Field(
        description="the query's lowest positive score minus the score: below 0, the candidate is ahead"
    )
    candidates_ahead: float | None = Field(
        description="share of candidates above the query's lowest positive, before any rule; without those "
        "that people judged not relevant"
    )
    written_ahead: float | None = Field(description="the same of written negatives")


class Bins(NamedTuple):
    """Fine bins: the lower end of the first, their width, and whether both are of logarithms."""

    low: float
    width: float
    logged: bool = False

    def place(self, value: pl.Expr) -> pl.Expr:
        """Return the bin that a value lies in, from 0."""
        on_axis = value.clip(LEAST).log10() if self.logged else value
        return ((on_axis - self.low) / self.width).floor().clip(0, 2 * FINE).cast(pl.Int32)

    def at(self, place: float) -> float:
        """Return the value at a bin's lower end."""
        value = self.low + self.width * place
        return 10.0**value if self.logged else value


def bins_of(scorer: str, what: str, low: float, high: float) -> Bins:
    """Return the bins of a scorer's `scores` or `differences`. low, high: of its scores."""
    if what == "differences":
        return Bins(low - high, width_of(low, high))
    if scorer in LOGGED:
        low, high = (math.log10(max(end, LEAST)) for end in (low, high))
    return Bins(low, width_of(low, high), scorer in LOGGED)


def ranges(verdicts: pl.LazyFrame, opinions: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return the lowest and the highest finite score of every scorer that has one."""
    finite = {name: _score(name).filter(_score(name).is_finite()) for name in opinions}
    ends = [x.min().alias(f"{n}<") for n, x in finite.items()]
    ends += [x.max().alias(f"{n}>") for n, x in finite.items()]
    row = verdicts.select(ends).collect(engine="streaming").row(0, named=True)
    ends_by_opinion = {name: (row[f"{name}<"], row[f"{name}>"]) for name in opinions}
    return {name: ends for name, ends in ends_by_opinion.items() if None not in ends}


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return how many scores and differences of each kind fall into each fine bin."""
    marked = rows.select(
        query=pl.col("query_id").rle_id(), positive=IS_POSITIVE, reason="reason", written="written",
        judged=pl.col("label") == JUDGED_NEGATIVE,
        **{name: _score(name) for name in about.ranges},
    ).lazy()  # fmt: skip
    tables = []
    for name, (low, high) in about.ranges.items():
        score = pl.when(pl.col(name).is_finite()).then(pl.col(name))
        anchor = score.filter(pl.col("positive")).min().over("query")
        apart = marked.with_columns(value=anchor - score).filter(~pl.col("positive"))
        of = {"scores": marked.with_columns(value=score), "differences": apart}
        tables += [_binned(of[what], name, what, bins_of(name, what, low, high)) for what in of]
    if not tables:
        return {}
    return {NAME: pl.concat(pl.collect_all(tables))}


def _binned(rows: pl.LazyFrame, scorer: str, of: str, bins: Bins) -> pl.LazyFrame:
    value = pl.col("value")
    return (
        rows.with_columns(scorer=pl.lit(scorer), of=pl.lit(of), bin=bins.place(value))
        .group_by(_KEYS)
        .agg(
            count=pl.len().cast(pl.Int64),
            sum=value.sum(),
            squares=(value**2).sum(),
            ahead=((value < 0) & ~pl.col("judged")).sum().cast(pl.Int64),
            min=value.min(),
            max=value.max(),
        )
    )


def _merged(tables: pl.DataFrame) -> pl.DataFrame:
    adding = (pl.col(name).sum() for name in ("count", "sum", "squares", "ahead"))
    return tables.group_by(_KEYS).agg(*adding, pl.col("min").min(), pl.col("max").max())


def _merges(about: About) -> dict[str, Merge]:
    return {NAME: _merged}


def width_of(low: float, high: float) -> float:
    """Return the width of a fine bin."""
    return (high - low) / FINE or 1.0


def _build(source: Source) -> list[Scorer]:
    """Return the distributions of every scorer that has scores."""
    return [_scorer(source.counts[NAME], name, source.about) for name in source.about.ranges]


def _scorer(table: pl.DataFrame, name: str, about: About) -> Scorer:
    of = {what: table.filter(scorer=name, of=what) for what in ("scores", "differences")}
    views = {w: _view(rows, bins_of(name, w, *about.ranges[name])) for w, rows in of.items()}
    apart = of["differences"]
    return Scorer(
        scorer=name,
        decides=name == about.deciding,
        thresholds=thresholds(about.rules, name),
        scores=views["scores"],
        differences=views["differences"],
        candidates_ahead=_ahead(apart),
        written_ahead=_ahead(apart.filter("written")),
    )


def _ahead(rows: pl.DataFrame) -> float | None:
    binned = rows.filter(pl.col("bin").is_not_null())
    return (
        rounded(int(binned["ahead"].sum()) / int(binned["count"].sum())) if binned.height else None
    )


def _view(rows: pl.DataFrame, fine: Bins) -> View:
    bins = rows["bin"].drop_nulls()
    first, last = (int(bins.min()), int(bins.max())) if len(bins) else (0, 0)  # type: ignore[arg-type]
    step = max(math.ceil((last - first + 1) / DRAWN), 1)
    ends = range(first, last + step + 1, step)
    grid = _Grid(fine, first, step, len(ends) - 1)
    others = rows.filter(~pl.col("positive"))
    positives = rows.filter("positive")
    return View(
        edges=[rounded(fine.at(place)) or 0.0 for place in ends],
        logged=fine.logged,
        positives=grid.distribution(positives) if positives.height else None,
        stages=_stages(others, grid),
        written=grid.distribution(others.filter("written")),
    )


def _stages(others: pl.DataFrame, grid: _Grid) -> list[Stage]:
    fired = [reason for reason in REASONS if reason in set(others["reason"])]
    stages = [Stage(after="", candidates=grid.distribution(others))]
    for reason in fired:
        others = others.filter(pl.col("reason").ne_missing(reason))
        stages.append(Stage(after=reason, candidates=grid.distribution(others)))
    return stages


class _Grid:
    """Common bins: `count` of `step` fine bins each, from the fine bin `first`."""

    def __init__(self, fine: Bins, first: int, step: int, count: int) -> None:
        self._fine = fine
        self._first, self._step, self._count = first, step, count

    def distribution(self, rows: pl.DataFrame) -> Distribution:
        """Return what fine counts (see _binned) come to."""
        binned = rows.filter(pl.col("bin").is_not_null())
        fine = binned.group_by("bin").agg(pl.col("count").sum()).sort("bin")
        places, counts = fine["bin"].to_numpy(), fine["count"].to_numpy()
        count = int(counts.sum())
        bins = np.bincount(
            (places - self._first) // self._step, weights=counts, minlength=self._count
        )
        mean = float(binned["sum"].sum()) / count if count else None
        spread = None if mean is None else float(binned["squares"].sum()) / count - mean**2
        ends: Any = (binned["min"].min(), binned["max"].max()) if count else (None, None)
        quarters = (self._quantile(places, counts, share, ends) for share in (0.25, 0.5, 0.75))
        q25, median, q75 = (rounded(value) for value in quarters)
        return Distribution(
            count=count,
            missing=int(rows["count"].sum()) - count,
            mean=rounded(mean),
            std=None if spread is None else rounded(math.sqrt(max(spread, 0.0))),
            min=rounded(ends[0]),
            q25=q25,
            median=median,
            q75=q75,
            max=rounded(ends[1]),
            bins=bins.astype(int).tolist(),
        )

    def _quantile(self, places: Ints, counts: Ints, share: float, ends: Any) -> float | None:
        """Return a quantile, evenly spread inside the fine bin it falls into."""
        if not len(counts):
            return None
        before = np.cumsum(counts) - counts
        wanted = share * counts.sum()
        at = int(np.searchsorted(before, wanted, side="right")) - 1
        value = self._fine.at(places[at] + (wanted - before[at]) / counts[at])
        return float(np.clip(value, *ends))


def _score(name: str) -> pl.Expr:
    return pl.col(f"{name}_score").cast(pl.Float64)


SCORERS = Section(_build, of_part, _merges)
