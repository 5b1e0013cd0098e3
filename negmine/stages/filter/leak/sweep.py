"""Sweep: leak, yield and hardness of every cell of a grid of thresholds, from stored columns.

Which rows a threshold removes is asked once per value, of the very rule; a kernel then walks each
query's rows in order for every cell and stops at the last negative it needs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import ValidationError

from negmine.config.settings import FilterSettings, WriteSettings
from negmine.data.hashing import random_draws
from negmine.errors import SettingsError
from negmine.stages.filter import rules as known
from negmine.stages.filter.leak.intervals import Sums, share
from negmine.stages.write.selection import ordered

Grid = Mapping[str, Sequence[float]]

GRIDDED: dict[str, known.Rule] = {
    "relative_margin": known.too_close_to_positive,
    "absolute_margin": known.too_close_to_positive,
    "max_score": known.above_max_score,
    "min_score": known.below_min_score,
    "skip_top": known.in_skipped_top,
    "near_duplicate": known.near_duplicate_of_positive,
    "above_positive": known.above_positive,
    "iqr": known.score_outlier,
    "owner_query": known.owned_by_similar_query,
    "max_risk": known.too_risky,
}
"""Settings that a grid may vary, with the rule that reads them."""

_OFF: dict[str, Any] = {"skip_top": 0, "near_duplicate": float("inf")}
_ON: dict[str, dict[str, Any]] = {"near_duplicate": {"no_near_duplicate": False}}
MOST_CELLS = 5000


def read_grid(said: Sequence[str]) -> dict[str, list[float]]:
    """Return what --grid says: `relative_margin=0:0.3:0.01` (both ends) or `max_risk=0.01,0.05`.

    Raises SettingsError for a setting that cannot vary, a value that it cannot have, or too many cells.
    """
    grid: dict[str, list[float]] = {}
    for text in said:
        name, _, values = text.partition("=")
        name = name.strip().lstrip("-").replace("-", "_")
        if name in grid:
            raise SettingsError(f"--grid {text}: {name} is there twice. Put its values into one.")
        try:
            grid[name] = _values(values) if name in GRIDDED else []
        except ValueError as error:
            raise SettingsError(
                f"--grid {text}: say NAME=FROM:TO:STEP or NAME=VALUE,VALUE with numbers."
            ) from error
    check_grid(grid)
    return grid


def check_grid(grid: Grid) -> None:
    """Raise SettingsError for a grid that cannot be swept (see read_grid)."""
    for name in grid:
        if name not in GRIDDED:
            raise SettingsError(f"--grid: {name!r} cannot vary. What can: {', '.join(GRIDDED)}.")
    if not grid or not all(grid.values()):
        raise SettingsError("What shall vary? Give --grid relative_margin=0:0.3:0.01, for example.")
    count = math.prod(len(values) for values in grid.values())
    if count > MOST_CELLS:
        raise SettingsError(
            f"--grid: {count:,} cells; {MOST_CELLS:,} are the most. Take larger steps."
        )
    for name, value in ((name, value) for name, values in grid.items() for value in values):
        try:
            FilterSettings.model_validate({name: value})
        except ValidationError as error:
            told = error.errors()[0]["msg"]
            raise SettingsError(f"--grid: {name} {value:g}: {told}.") from error


def _values(text: str) -> list[float]:
    if ":" not in text:
        return sorted({float(value) for value in text.split(",")})
    first, last, step = (float(part) for part in text.split(":"))
    if step <= 0 or last < first or not math.isfinite(last - first):
        raise ValueError(text)
    count = (last - first) / step + 1e-9
    if count >= MOST_CELLS:
        raise SettingsError(
            f"--grid: {text} has more than {MOST_CELLS:,} values. Take larger steps."
        )
    return [round(first + n * step, 10) for n in range(math.floor(count) + 1)]


def cells_of(grid: Grid) -> list[dict[str, float]]:
    """Return every combination of the grid's values."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


class Sweep:
    """The counts of every cell, gathered part by part."""

    def __init__(self, grid: Grid, rules: FilterSettings, write: WriteSettings, seed: int) -> None:
        self.cells = cells_of(grid)
        self._grid, self._write, self._score = grid, write, str(rules.score)
        self._rules = rules.model_copy(update={name: _OFF.get(name) for name in grid})
        places = {name: {v: n for n, v in enumerate(values)} for name, values in grid.items()}
        starts = np.cumsum([0, *(len(values) for values in grid.values())])
        self._columns = np.array(
            [
                [starts[n] + places[name][cell[name]] for n, name in enumerate(grid)]
                for cell in self.cells
            ],
            np.int64,
        ).reshape(len(self.cells), len(grid))
        self._queries, self._hard = 0, np.zeros((len(self.cells), 4))
        self._sums = Sums(seed, 2 * len(self.cells))

    @property
    def base(self) -> FilterSettings:
        """The rules with everything in the grid turned off: what `add` wants verdicts of."""
        return self._rules

    def add(self, verdicts: pl.DataFrame) -> None:
        """Add a part: verdicts under `base`, with `hidden`."""
        rows = ordered(verdicts, self._write.order)
        open_ = rows["kept"].to_numpy()
        removed = np.stack(
            [rows.select(removes).to_series().to_numpy() for removes in self._masks()], axis=1
        )
        lengths = rows["query_id"].rle().struct.field("len").to_numpy()
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        positive = (
            pl.col("positive_score") > 0
        )  # a ratio to an anchor of zero or less means nothing
        columns = (
            pl.when(positive).then(f"{self._score}_score").alias("score_"),
            pl.when(positive).then("positive_score").alias("anchor_"),
            pl.col("rank").alias("rank_"),
            pl.col(f"{self._score}_z").alias("z_"),
        )
        values = rows.select(column.cast(pl.Float64).fill_null(0.0) for column in columns)
        sold, got = (np.zeros((len(lengths), len(self.cells)), np.int16) for _ in range(2))
        _kernel()(
            offsets, open_, removed, self._columns, rows["hidden"].to_numpy(),
            values.to_numpy(order="c"), self._draws(rows, offsets), self._write.num_negatives,
            sold, got, self._hard,
        )  # fmt: skip
        ids = rows["query_id"].gather(offsets[:-1])
        self._sums.add(ids, np.concatenate([sold, got], axis=1))
        self._queries += len(lengths)

    def _masks(self) -> list[pl.Expr]:
        """One expression per value of the grid: the rows that it removes, also for want of a score."""
        masks = []
        for name, values in self._grid.items():
            for value in values:
                rules = self._rules.model_copy(update={name: value, **_ON.get(name, {})})
                fires = [GRIDDED[name](rules), known.not_scored(rules)]
                on = [rule.fill_null(False) for rule in fires if rule is not None]
                masks.append(pl.any_horizontal(pl.col("hidden") & False, *on))
        return masks

    def _draws(self, rows: pl.DataFrame, offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return a draw per query and place of the pool; one column means: take the first."""
        if self._write.sampling == "top":
            return np.zeros((len(offsets) - 1, self._write.num_negatives), np.uint64)
        names = rows["query_id"].gather(offsets[:-1])
        pool = self._write.pool
        places = np.tile(np.arange(pool), len(names))
        repeated = names.gather(np.repeat(np.arange(len(names)), pool))
        draws = random_draws(repeated, pl.Series(places), self._write.seed)
        return draws.reshape(len(names), pool)

    def table(self) -> pl.DataFrame:
        """Return a row per cell: its values, leak and its interval, yield, hardness, pareto."""
        count = len(self.cells)
        sold, got = np.arange(count), np.arange(count, 2 * count)
        leak, low, high = share(self._sums, sold, got)
        total = self._sums.total
        asked = max(self._queries * self._write.num_negatives, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            hardness = self._hard[:, 0] / self._hard[:, 1]
            rank, z = self._hard[:, 2] / total[got], self._hard[:, 3] / total[got]
        rows = pl.DataFrame(self.cells).with_columns(
            leak=leak, leak_low=low, leak_high=high, hardness=hardness, hardness_z=z, mean_rank=rank,
            sold=total[sold].astype(np.int64), selected=total[got].astype(np.int64),
        ).with_columns(pl.Series("yield", total[got] / asked))  # fmt: skip
        front = pareto(rows["leak"].to_numpy(), rows["yield"].to_numpy(), z)
        return rows.fill_nan(None).with_columns(pareto=pl.Series(front))


def pareto(
    leak: NDArray[np.float64], got: NDArray[np.float64], hardness: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which cells no other beats: none leaks less, gets more and is harder, one strictly."""
    values = np.stack([-leak, got, hardness], axis=1)
    known_ = np.isfinite(values).all(axis=1)
    front = np.zeros(len(values), bool)
    for cell in np.flatnonzero(known_):
        others = values[known_]
        better = (others >= values[cell]).all(axis=1) & (others > values[cell]).any(axis=1)
        front[cell] = not better.any()
    return front


@cache
def _kernel() -> Callable[..., None]:
    import numba

    jit = numba.njit(nogil=True)
    survivors = jit(_survivors)
    drawn = jit(_drawn)

    @jit
    def select(offsets, open_, removed, columns, hidden, values, draws, wanted, sold, got, hard):  # type: ignore[no-untyped-def]
        found = np.empty(draws.shape[1], np.int64)
        for query in range(len(offsets) - 1):
            for cell in range(len(columns)):
                count = survivors(
                    offsets[query], offsets[query + 1], open_, removed, columns[cell], found
                )
                for place in range(count):
                    if drawn(draws[query], place, count, wanted):
                        row = found[place]
                        sold[query, cell] += hidden[row]
                        got[query, cell] += 1
                        hard[cell] += values[row]

    kernel: Callable[..., None] = select
    return kernel


def _survivors(first, end, open_, removed, columns, found):  # type: ignore[no-untyped-def]
    """Fill `found` with the first rows that no column of the cell removes; return how many."""
    count = 0
    for row in range(first, end):
        passes = open_[row]
        for column in columns:
            passes = passes and not removed[row, column]
        if passes:
            found[count] = row
            count += 1
            if count == len(found):
                break
    return count


def _drawn(draws, place, count, wanted):  # type: ignore[no-untyped-def]
    """Tell whether a survivor's draw is among the `wanted` smallest of `count`; all are if none is too many."""
    if count <= wanted:
        return True
    smaller = 0
    for other in range(count):
        smaller += draws[other] < draws[place]
    return smaller < wanted
