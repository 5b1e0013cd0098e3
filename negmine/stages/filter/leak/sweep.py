"""Sweep: leak, yield and hardness of every cell of a grid of thresholds, from stored columns.

For each value of the grid, the rule's own expression tells which rows the value removes; a kernel then
walks each query's rows in order for every cell, and stops at the last negative that the cell needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.config.settings import FilterSettings
from negmine.data.hashing import random_draws
from negmine.stages.filter.leak.grid import Grid, cells_of
from negmine.stages.filter.leak.intervals import Sums, share
from negmine.stages.filter.leak.kernel import kernel
from negmine.stages.filter.rules import SWEEPABLE, fires
from negmine.stages.filter.rules.table import NOT_SCORED
from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.selection import judged_first, ordered, selected, wanted

IN_KERNEL = (
    "top",
    "random",
)  # samplings that the kernel knows; each other is as slow as its own code


class Sweep:
    """The counts of every cell, gathered part by part."""

    def __init__(
        self, grid: Grid, settings: FilterSettings, selection: Selection, seed: int
    ) -> None:
        self.cells = cells_of(grid)
        self._grid, self._selection, self._score = grid, selection, str(settings.score)
        self._write = selection.write
        off = {name: value for setting in grid for name, value in _off(setting).items()}
        self._base = settings.model_copy(update=off)
        places = {name: {v: n for n, v in enumerate(values)} for name, values in grid.items()}
        starts = np.cumsum([0, *(len(values) for values in grid.values())])
        self._columns = np.array(
            [
                [starts[n] + places[name][cell[name]] for n, name in enumerate(grid)]
                for cell in self.cells
            ],
            np.int64,
        ).reshape(len(self.cells), len(grid))
        self._asked, self._hard = 0, np.zeros((len(self.cells), 4))
        self._sums = Sums(seed, 2 * len(self.cells))

    @property
    def base(self) -> FilterSettings:
        """The settings with everything in the grid turned off: `add` takes verdicts under them."""
        return self._base

    def add(self, verdicts: pl.DataFrame) -> None:
        """Add a part: verdicts under `base`, with `hidden`."""
        rows = ordered(verdicts, self._write.order, judged_first(self._base))
        removed = np.stack(
            [rows.select(removes).to_series().to_numpy() for removes in self._masks()], axis=1
        )
        lengths = rows["query_id"].rle().struct.field("len").to_numpy()
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        leaked, got = (np.zeros((len(lengths), len(self.cells)), np.int16) for _ in range(2))
        if self._write.sampling in IN_KERNEL and self._write.per == "query":
            kernel()(
                offsets, rows["kept"].to_numpy(), removed, self._columns, rows["hidden"].to_numpy(),
                self._summed(rows), self._draws(rows, offsets), self._write.num_negatives,
                leaked, got, self._hard,
            )  # fmt: skip
        else:
            self._cell_by_cell(rows, removed, leaked, got)
        ids = rows["query_id"].gather(offsets[:-1])
        self._sums.add(ids, np.concatenate([leaked, got], axis=1))
        self._asked += int(wanted(rows, self._selection)["wanted"].sum())

    def _cell_by_cell(
        self,
        rows: pl.DataFrame,
        removed: NDArray[np.bool_],
        leaked: NDArray[np.int16],
        got: NDArray[np.int16],
    ) -> None:
        """Do what the kernel does, for any sampling: select anew for every cell. Much slower."""
        summed = self._summed(rows)
        numbered = rows.with_row_index("_row").with_columns(_query=pl.col("query_id").rle_id())
        for cell, columns in enumerate(self._columns):
            kept = rows["kept"].to_numpy() & ~removed[:, columns].any(axis=1)
            chosen = selected(numbered.with_columns(kept=pl.Series(kept)), self._selection)
            queries = chosen["_query"].to_numpy()
            np.add.at(got[:, cell], queries, 1)
            np.add.at(leaked[:, cell], queries, chosen["hidden"].to_numpy().astype(np.int16))
            self._hard[cell] += summed[chosen["_row"].to_numpy()].sum(axis=0)

    def _summed(self, rows: pl.DataFrame) -> NDArray[np.float64]:
        """Return what hardness is made of, [rows, 4]: score, anchor, rank, z of the score."""
        # A ratio to an anchor of zero or less means nothing.
        positive = pl.col("positive_score") > 0
        columns = (
            pl.when(positive).then(f"{self._score}_score").alias("score_"),
            pl.when(positive).then("positive_score").alias("anchor_"),
            pl.col("rank").alias("rank_"),
            pl.col(f"{self._score}_z").alias("z_"),
        )
        values = rows.select(column.cast(pl.Float64).fill_null(0.0) for column in columns)
        return values.to_numpy(order="c")

    def _masks(self) -> list[pl.Expr]:
        """One expression per value of the grid: the rows that it removes, also for want of a score."""
        masks = []
        for setting, values in self._grid.items():
            rule = SWEEPABLE[setting]
            on = {name: _default(name) for name in rule.off}
            for value in values:
                update = {} if value is None else on | {setting: value}
                settings = self._base.model_copy(update=update)
                both = (fires(rule, settings), fires(NOT_SCORED, settings))
                masks_of_value = [removes for removes in both if removes is not None]
                masks.append(pl.any_horizontal(pl.col("hidden") & False, *masks_of_value))
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
        leaked, got = np.arange(count), np.arange(count, 2 * count)
        leak, low, high = share(self._sums, leaked, got)
        total = self._sums.total
        asked = max(self._asked, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            hardness = self._hard[:, 0] / self._hard[:, 1]
            rank, z = self._hard[:, 2] / total[got], self._hard[:, 3] / total[got]
        values = dict.fromkeys(self._grid, pl.Float64)
        rows = pl.DataFrame(self.cells, schema=values).with_columns(
            leak=leak, leak_low=low, leak_high=high, hardness=hardness, hardness_z=z, mean_rank=rank,
            leaked=total[leaked].astype(np.int64), selected=total[got].astype(np.int64),
        ).with_columns(pl.Series("yield", total[got] / asked))  # fmt: skip
        front = pareto(rows["leak"].to_numpy(), rows["yield"].to_numpy(), z)
        return rows.fill_nan(None).with_columns(pareto=pl.Series(front))


def _off(setting: str) -> dict[str, Any]:
    """Return the settings that turn off what a sweepable setting does."""
    return {setting: _default(setting), **SWEEPABLE[setting].off}


def _default(setting: str) -> Any:
    return FilterSettings.model_fields[setting].default


def pareto(
    leak: NDArray[np.float64], got: NDArray[np.float64], hardness: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which cells no other beats: none leaks less, gets more and is harder, one strictly."""
    values = np.stack([-leak, got, hardness], axis=1)
    finite = np.isfinite(values).all(axis=1)
    front = np.zeros(len(values), bool)
    for cell in np.flatnonzero(finite):
        others = values[finite]
        better = (others >= values[cell]).all(axis=1) & (others > values[cell]).any(axis=1)
        front[cell] = not better.any()
    return front
