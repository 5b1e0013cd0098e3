"""Which files a path stands for, and their rows as raw frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from negmine.analysis.lint.read.parquet_files import parquet_frames
from negmine.analysis.lint.read.row_files import row_frames
from negmine.analysis.lint.read.shapes import RawFrame
from negmine.analysis.lint.read.there import There
from negmine.analysis.lint.settings import LintSettings
from negmine.data.sources.formats import kind_of
from negmine.data.sources.problems import Problems
from negmine.data.sources.text import open_bytes
from negmine.errors import InputError


def expand(paths: Sequence[Path], there: There) -> list[Path]:
    """Return the files that are meant: a folder stands for its .parquet or else its .jsonl files.

    Files at addresses are fetched (see There). Raises InputError for a path that is not there, is of no known
    format, or holds no such files.
    """
    files: list[Path] = []
    for path in (local for one in paths for local in there.local(one)):
        if not path.is_dir():
            kind_of(path)
            open_bytes(path).close()
            files.append(path)
            continue
        inside = sorted(path.glob("*.parquet")) or sorted(path.glob("*.jsonl*"))
        if not inside:
            choices = _training_folders(path) or _training_folders(path / "5-write")
            hint = f" Name one of these: {', '.join(choices)}." if choices else ""
            raise InputError(f"{path} has no .parquet and no .jsonl files in it.{hint}")
        files += inside
    return files


def _training_folders(folder: Path) -> list[str]:
    """Return the folders in a folder that hold training files."""
    inside = {file.parent for end in ("parquet", "jsonl") for file in folder.glob(f"*/*.{end}")}
    return [
        str(path) for path in sorted(inside) if not path.name.startswith(("provenance", "short"))
    ]


def raw_frames(path: Path, settings: LintSettings, problems: Problems) -> Iterator[RawFrame]:
    """Yield the shape of a file, and frames of the columns that are read and `row_number`.

    Rows that cannot be read become problems. Raises InputError where no column can be the query, the positive
    or the negatives.
    """
    read = parquet_frames if kind_of(path) == "parquet" else row_frames
    yield from read(path, settings, problems)


def parquet_rows(paths: Sequence[Path]) -> int | None:
    """Return how many rows Parquet files have; None where one of them is of another format."""
    if any(kind_of(path) != "parquet" for path in paths):
        return None
    try:
        return sum(int(pq.read_metadata(path).num_rows) for path in paths)
    except (pa.ArrowException, OSError, ValueError):
        return None
