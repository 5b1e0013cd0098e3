"""Whether two work directories hold the same rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import polars.selectors as cs

STAGES = ("1-index", "2-retrieve", "3-rerank", "4-filter", "5-write")


def differences(one: Path, other: Path) -> dict[str, str]:
    """Return every table that is not the same in both, and how far it is from that."""
    names = sorted({table for work in (one, other) for table in tables(work)})
    found = {name: difference(one / name, other / name) for name in names}
    return {name: text for name, text in found.items() if text}


def tables(work: Path) -> list[str]:
    """Return the artifacts of a work directory that are tables, such as `2-retrieve/bm25`."""
    parts = (path for room in STAGES for path in (work / room).glob("*/part-00000.parquet"))
    return [str(path.parent.relative_to(work)) for path in parts]


def difference(one: Path, other: Path) -> str:
    """Say how two tables differ, however they are cut into parts: rows, order, scores; "" if not at all."""
    if not all((folder / "part-00000.parquet").exists() for folder in (one, other)):
        return "only in one"
    left, right = (pl.read_parquet(folder / "part-*.parquet") for folder in (one, other))
    if left.equals(right):
        return ""
    if left.schema != right.schema or left.height != right.height:
        return f"{left.height:,} and {right.height:,} rows"
    floats = left.select(cs.float()).columns
    moved = left.drop(floats).with_row_index() != right.drop(floats).with_row_index()
    count = moved.select(pl.any_horizontal(pl.all().fill_null(False)).sum()).item()
    largest = _largest(left.select(floats), right.select(floats)) if floats and not count else 0
    return (
        f"{count:,} rows in ids, labels or order" if count else f"scores by at most {largest:.1e}"
    )


def _largest(left: pl.DataFrame, right: pl.DataFrame) -> float:
    """Return the largest difference of two frames of floats."""
    apart = [(left[name] - right[name]).abs().max() for name in left.columns]
    return max((value for value in apart if value is not None), default=0.0)
