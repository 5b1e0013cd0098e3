"""Whether two work directories hold the same rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl

ROOMS = ("1-index", "2-retrieve", "3-rerank", "4-filter", "5-write")


def differences(one: Path, other: Path) -> list[str]:
    """Return the tables whose rows, or their order, are not the same; those that one lacks among them."""
    names = {table for work in (one, other) for table in tables(work)}
    return sorted(name for name in names if not same(one / name, other / name))


def tables(work: Path) -> list[str]:
    """Return the artifacts of a work directory that are tables, such as `2-retrieve/bm25`."""
    parts = (path for room in ROOMS for path in (work / room).glob("*/part-00000.parquet"))
    return [str(path.parent.relative_to(work)) for path in parts]


def same(one: Path, other: Path) -> bool:
    """Tell whether two tables have the same columns, rows and order, however they are cut into parts."""
    if not (one / "part-00000.parquet").exists() or not (other / "part-00000.parquet").exists():
        return False
    left, right = (pl.read_parquet(folder / "part-*.parquet") for folder in (one, other))
    return left.equals(right)
