"""All findings as a Parquet file, for tools that drop rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa

from negmine.analysis.lint.places import FINDING, ROWS
from negmine.errors import InputError
from negmine.storage.files import TableWriter


@contextmanager
def findings_file(path: Path | None, file_names: Sequence[str]) -> Iterator[FindingsFile | None]:
    """Open a file of findings, or None without a path; if the block fails, there is no file."""
    if path is None:
        yield None
        return
    file = FindingsFile(path, file_names)
    try:
        yield file
    except BaseException:
        file.discard()
        raise
    file.close()


class FindingsFile:
    """A Parquet file with a row per finding: rule, file, row, slot?, other_file?, other_row?.

    It appears under its name when it is complete.
    """

    def __init__(self, path: Path, file_names: Sequence[str]) -> None:
        """Begin the file. Raises InputError where it cannot be written."""
        self._file_names = pl.Series("name", file_names, pl.String)
        schema = self._located("", pl.DataFrame(schema=FINDING)).schema
        try:
            self._writer = TableWriter(path, schema)
        except OSError as error:
            raise InputError(f"--findings {path} cannot be written: {error.strerror}.") from error

    def write(self, rule: str, findings: pl.DataFrame) -> None:
        """Add findings of a rule: row, slot?, other?."""
        self._writer.write(self._located(rule, findings))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()

    def discard(self) -> None:
        """Remove the unfinished file."""
        self._writer.discard()

    def _located(self, rule: str, findings: pl.DataFrame) -> pa.Table:
        """Return findings with the names of their files, and line or row numbers within them."""
        file, other = (self._file_names.gather(findings[name] // ROWS) for name in ("row", "other"))
        located = findings.select(
            pl.lit(rule).alias("rule"),
            file.alias("file"),
            pl.col("row") % ROWS,
            "slot",
            other.alias("other_file"),
            (pl.col("other") % ROWS).alias("other_row"),
        )
        return located.to_arrow(compat_level=pl.CompatLevel.oldest())
