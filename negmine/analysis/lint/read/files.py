"""Which files are meant, and what they hold: the columns that count, and the number of every row.

Parquet is read as Arrow batches, jsonl (csv, tsv) with the readers of `negmine.data.sources`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from negmine.analysis.lint.read.parquet_files import parquet_frames
from negmine.analysis.lint.read.row_files import row_frames
from negmine.analysis.lint.read.shapes import Columns, Raw
from negmine.data.sources.formats import kind_of
from negmine.data.sources.problems import Problems
from negmine.data.sources.text import open_bytes
from negmine.errors import InputError


def expand(paths: Sequence[Path]) -> list[Path]:
    """Return the files that are meant: a folder stands for its .parquet or else its .jsonl files."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            kind_of(path)
            open_bytes(path).close()
            found.append(path)
            continue
        inside = sorted(path.glob("*.parquet")) or sorted(path.glob("*.jsonl*"))
        if not inside:
            known = [one for one in (path, path / "5-write") if _formats(one)]
            hint = f" Name one of these: {', '.join(_formats(known[-1]))}." if known else ""
            raise InputError(f"{path} has no .parquet and no .jsonl files in it.{hint}")
        found += inside
    return found


def _formats(folder: Path) -> list[str]:
    """Return the folders of training files in a folder."""
    inside = {file.parent for end in ("parquet", "jsonl") for file in folder.glob(f"*/*.{end}")}
    return [str(one) for one in sorted(inside) if one.name not in ("provenance", "short")]


def raw_frames(path: Path, said: Columns, problems: Problems) -> Iterator[Raw]:
    """Yield the shape of a file and frames of its columns and `number`.

    Raises InputError where it cannot be told what the columns are; bad rows become problems.
    """
    read = parquet_frames if kind_of(path) == "parquet" else row_frames
    yield from read(path, said, problems)


def parquet_rows(paths: Sequence[Path]) -> int | None:
    """Return how many rows Parquet files have; None where one of them is of another format."""
    if any(kind_of(path) != "parquet" for path in paths):
        return None
    try:
        return sum(int(pq.read_metadata(path).num_rows) for path in paths)
    except (pa.ArrowInvalid, OSError):
        return None
