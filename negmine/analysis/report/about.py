"""What the gathering functions are told of a run, and how their counts of parts are put together.

Every topic has `of_part(rows, about)`, which turns a part into a few small tables, and MERGES, which says how
each of them is brought together with that of the parts before. So memory is that of one part, whatever the
number of queries.

rows: a part of `verdicts` (queries stand together) with `written`, whether the row is in the training file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from negmine.config.settings import FilterSettings, WriteSettings
from negmine.data.schemas import POSITIVE

Tables = dict[str, pl.DataFrame]
Merge = Callable[[pl.DataFrame], pl.DataFrame]
OfPart = Callable[[pl.DataFrame, "About"], Tables]

IS_POSITIVE = pl.col("label") == POSITIVE
COUNTS = ("candidates", "kept", "written")


@dataclass(frozen=True)
class About:
    """A run, as far as counting needs to know it.

    ranges: the lowest and the highest score of every scorer that has one. depth: `--k`. rules: those in force.
    """

    opinions: Sequence[str]
    retrievers: Sequence[str]
    deciding: str
    ranges: Mapping[str, tuple[float, float]]
    depth: int
    rules: FilterSettings
    write: WriteSettings
    seed: int
    random: int


def summed(*keys: str) -> Merge:
    """Return the merge that adds everything up by these keys."""
    return lambda tables: tables.group_by(*keys, maintain_order=True).sum()


def of_candidates() -> list[pl.Expr]:
    """Return the counts of rows that are no positives: candidates, kept, written."""
    wanted = (~IS_POSITIVE, pl.col("kept"), pl.col("written"))
    return [
        rows.sum().cast(pl.Int64).alias(name) for name, rows in zip(COUNTS, wanted, strict=True)
    ]


def rounded(value: float | None) -> float | None:
    """Return a number with the six digits that float32 scores are good for."""
    return None if value is None or value != value else float(f"{value:.6g}")
