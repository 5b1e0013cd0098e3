"""Files that grow piece by piece, in the folder of an artifact that is made in one go.

The end of the name says how rows are written: `.parquet`; `.jsonl`, one object a line; `.json`, one list (or
what stands around it makes of it); `.tsv`, one line a row, tab between columns.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow as pa

from negmine.data.frames import table
from negmine.errors import InputError
from negmine.storage.files import TableWriter, new_folder

LINE = "line"  # the column of rows that are lines already
_BREAKS = "[\\t\\r\\n\\x0b\\x0c\\x1c-\\x1e\\x85\\u2028\\u2029]"  # tabs, and whatever may end a line


class GrowingFile:
    """One file. Use it in a `with` block: at its end the file is whole and on the disk.

    schema: of Parquet. texts: columns of a .tsv in which white space that would end a field or a line becomes a
    blank; in others it is an InputError. header: the first line of a .tsv has the names of its columns.
    """

    def __init__(
        self,
        path: Path,
        schema: pa.Schema | None = None,
        texts: Sequence[str] = (),
        header: bool = False,
        around: tuple[str, str] = ("", ""),
    ) -> None:
        new_folder(path.parent)
        self.path, self._schema, self._texts = path, schema, texts
        self._header, self._around = header, around
        self._rows = 0
        self._parquet = TableWriter(path, schema) if path.suffix == ".parquet" and schema else None
        self._stream = None if self._parquet else path.open("xb")

    def __enter__(self) -> GrowingFile:
        if self._around[0]:
            self._open.write(self._around[0].encode() + b"\n")
        return self

    def __exit__(self, *error: object) -> None:
        if self._parquet is not None:
            self._parquet.close()
            return
        with self._open as stream:
            if self._around[1]:
                stream.write(b"\n" + self._around[1].encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())

    @property
    def _open(self) -> BinaryIO:
        assert self._stream is not None
        return self._stream

    def write(self, rows: pl.DataFrame) -> None:
        """Add rows."""
        if self._parquet is not None and self._schema is not None:
            self._parquet.write(table(rows, self._schema))
        elif rows.columns == [LINE]:
            self._open.writelines(f"{line}\n".encode() for line in rows[LINE])
        elif self.path.suffix == ".tsv":
            self._write_tsv(rows)
        elif rows.height and self.path.suffix == ".json":
            lines = (
                rows.write_ndjson().rstrip("\n").replace("\n", ",\n")
            )  # texts have none: it is \\n
            self._open.write(((",\n" if self._rows else "") + lines).encode())
        else:
            rows.write_ndjson(self._open)
        self._rows += rows.height

    def _write_tsv(self, rows: pl.DataFrame) -> None:
        texts = [name for name, kind in rows.schema.items() if kind == pl.String]
        for name in set(texts) - set(self._texts):
            odd = rows[name].filter(rows[name].str.contains(_BREAKS))
            if len(odd):
                raise InputError(
                    f"{name} {odd[0]!r} has a tab or a line break in it, which {self.path.name} cannot hold. "
                    "Give another id, or another --format."
                )
        one_line = [pl.col(name).str.replace_all(_BREAKS, " ") for name in self._texts]
        rows.with_columns(one_line).write_csv(
            self._open,
            separator="\t",
            quote_style="never",
            include_header=self._header and self._rows == 0,
        )
