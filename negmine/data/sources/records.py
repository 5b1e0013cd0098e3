"""From rows to checked tables of documents and queries: ids, texts, the source's own columns."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.data.frames import array
from negmine.data.schemas import ID
from negmine.data.sources import strings
from negmine.data.sources.columns import ACCEPTED, find, listed
from negmine.data.sources.problems import Problems
from negmine.data.sources.reading import FileRows, coded, where
from negmine.data.sources.rows import Chunk, Row
from negmine.data.sources.seen_ids import SeenIds
from negmine.errors import InputError, cut

_LONGEST_SHOWN = 80  # characters of an id in a message
NO_COLUMN = "\0"  # no column has such a name
RESERVED = {"doc_id", "query_id", "title", "text", "same_as", "text_key", "body_key", "source_row"}


@dataclass
class Records:
    """Turns the chunks of one table into tables of `id_column`, text, (title,) source_row and extras."""

    path: Path
    problems: Problems
    id_column: str  # doc_id or query_id
    text_name: str  # key of ACCEPTED
    with_title: bool
    first_seen: SeenIds = field(default_factory=SeenIds)
    files: Sequence[Path] = ()  # where several are one table
    _file: int = 0  # which of them is being read
    _columns: dict[str, str] = field(default_factory=dict)
    _extras: dict[str, str] = field(default_factory=dict)
    _late: set[str] = field(default_factory=set)

    def of_files(self, files: FileRows) -> Iterator[pa.Table]:
        """Yield a table for every chunk of files that are one table."""
        self.files = files.files
        for number, chunk in files.chunks():
            self.path, self._file = files.files[number], number
            yield from self.tables([chunk], files.rows)

    def tables(self, chunks: Iterable[Chunk], offset: int = 0) -> Iterator[pa.Table]:
        """Yield a table for every chunk; bad rows become problems. offset: of the rows' positions."""
        for chunk in chunks:
            table = self._at_once(chunk, offset)
            if table is None and (rows := chunk.rows()):
                table = self._table(rows, offset)
            if table is not None:
                yield table

    def _at_once(self, chunk: Chunk, offset: int) -> pa.Table | None:
        """Return the table of a chunk of strings in which nothing is wrong; None says: row by row."""
        table = chunk.table()
        rows = None if table is None else strings.as_strings(table)
        if rows is None:
            return None
        filled = strings.filled(rows)
        if not self._columns:
            self._understand(rows.columns, filled)
        if filled - {*self._extras, *self._columns.values(), *self._late}:
            return None

        none = pl.repeat(None, rows.height, dtype=pl.String, eager=True)
        wanted = {name: self._columns[key] for name, key in self._wanted.items()}
        wanted |= {target: name for name, target in self._extras.items()}
        strings_table = pl.DataFrame(
            [
                (rows.get_column(name) if name in rows.columns else none).alias(target)
                for target, name in wanted.items()
            ]
        )
        if not strings.are_usable(strings_table, self.id_column):
            return None
        strings_table = strings_table.with_columns(
            pl.col("text").fill_null("")
        )  # its title is there
        if not self._are_new(strings_table[self.id_column].to_list(), chunk.number):
            return None
        first = chunk.start + offset
        numbered = strings_table.with_columns(source_row=pl.int_range(first, first + pl.len()))
        kept = numbered if self.with_title else numbered.drop("title")
        return kept.to_arrow(compat_level=pl.CompatLevel.oldest())

    @property
    def _wanted(self) -> dict[str, str]:
        return {self.id_column: "id", "text": "text", "title": "title"}

    def _are_new(self, ids: list[str], number: int) -> bool:
        """Remember ids, the first in line `number`; remember none, and say so, if one is there twice."""
        first = coded(number, self._file)
        return self.first_seen.add_all(ids, first)

    def _table(self, chunk: list[Row], offset: int) -> pa.Table:
        if not self._columns:
            names = dict.fromkeys(name for row in chunk for name in row.values)
            filled = {name for name in names if any(row.values.get(name) for row in chunk)}
            self._understand(list(names), filled)
        id_name, text_name = self._columns["id"], self._columns["text"]
        with self.first_seen.chunk([as_id(row.values.get(id_name)) for row in chunk]):
            good = [row for row in chunk if self._is_good(row)]
        data: dict[str, pa.Array] = {
            self.id_column: array([as_id(row.values[id_name]) for row in good], ID),
            "text": array([as_text(row.values.get(text_name)) or "" for row in good], ID),
            "source_row": array([row.position + offset for row in good], pa.int64()),
        }
        if self.with_title:
            title = self._columns["title"]
            titles = [as_text(row.values.get(title)) for row in good]
            data["title"] = array(titles, ID)
        for name, target in self._extras.items():
            data[target] = array([row.values.get(name) for row in good], ID)
        return pa.table(data)

    def _understand(self, names: list[str], filled: set[str]) -> None:
        """Find the columns by the names in the first chunk; raise InputError where one is missing.

        filled: names that have a value there. The others are not kept.
        """
        columns = {
            "id": find(self.id_column, names) or NO_COLUMN,
            "text": find(self.text_name, names) or NO_COLUMN,
        }
        for what, key in (("id", self.id_column), ("text", self.text_name)):
            if columns[what] == NO_COLUMN and not (what == "text" and find("title", names)):
                raise InputError(
                    f"{self.path} has no column for the {key.replace('_', ' ')}. It has: "
                    f"{listed(names)}. Name it one of: {', '.join(ACCEPTED[key])}."
                )
        title = find("title", names) if self.with_title else None
        columns["title"] = title or NO_COLUMN
        self._columns = columns
        for name in names:
            if name in filled and name not in columns.values():
                self._extras[name] = _free(name, names)

    def _is_good(self, row: Row) -> bool:
        self._note_late(row)
        return self._has_own_id(row) and self._has_text(row) and self._can_be_kept(row)

    def _has_own_id(self, row: Row) -> bool:
        value, what = row.values.get(self._columns["id"]), self.id_column
        identifier = as_id(value)
        if fault := fault_of_id(value):
            scalar = "Give every row a text or a number as its id."
            return self._refuse_id(row, "unusable", f"{what} {quoted(value)}: {fault}", scalar)
        if not identifier:
            return self._refuse_id(row, "empty", f"{what} is empty", "Give every row an id.")
        before = self.first_seen.get(identifier)
        if before is None:
            self.first_seen.add(identifier, coded(row.number, self._file))
            return True
        twice = f"{what} {quoted(identifier)} stands in line {self._line(before)} already"
        own = "Give every row its own id; --on-error skip keeps the first."
        return self._refuse_id(row, "duplicate", twice, own)

    def _line(self, place: int) -> str:
        """Return the line of a place that `coded` made, with its file where there are several."""
        if len(self.files) < 2:
            return str(where(place, (self.path,))[1])
        file, number = where(place, self.files)
        return f"{number} of {file.name}"

    def _refuse_id(self, row: Row, kind: str, message: str, remedy: str) -> bool:
        self.problems.add(
            f"{kind} {self.id_column}",
            file=self.path,
            row=row.number,
            message=message,
            remedy=remedy,
        )
        return False

    def _has_text(self, row: Row) -> bool:
        text = row.values.get(self._columns["text"])
        title = row.values.get(self._columns["title"])
        fault = fault_of(text) or fault_of(title)
        if not fault and not any((as_text(value) or "").strip() for value in (text, title)):
            fault = "the text is empty"
        return self._tell(row, fault)

    def _can_be_kept(self, row: Row) -> bool:
        """Make texts of the source's own columns; tell of one that no file can hold."""
        for name in self._extras:
            row.values[name] = _as_extra(row.values.get(name))
            fault = _lone_surrogate(row.values[name])
            if fault:
                return self._tell(row, f"{name:.60}: {fault}")
        return True

    def _tell(self, row: Row, fault: str | None) -> bool:
        if fault:
            identifier = quoted(as_id(row.values.get(self._columns["id"])))
            self.problems.add(
                f"unusable text of a {self.id_column.removesuffix('_id')}",
                file=self.path,
                row=row.number,
                message=f"{self.id_column} {identifier}: {fault}",
                remedy="Give it a text, or leave the row out.",
            )
        return fault is None

    def _note_late(self, row: Row) -> None:
        expected = {*self._extras, *self._columns.values()}
        for name in row.values.keys() - expected:
            if name not in self._late and row.values[name] not in (None, "", {}, []):
                self._late.add(name)
                self.problems.notes.append(
                    f"{self.path.name}, line {row.number}: column {name!r:.60} first appears here, after the "
                    "first rows; its values are not kept"
                )


def as_id(value: Any) -> str:
    """Return an id as text: 7 and 7.0 are "7"; None is empty."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def as_text(value: Any) -> str | None:
    """Return a text; numbers become text, None stays, as does what is no number."""
    if value is None or isinstance(value, str):
        return value
    return None if value != value else str(value)


def fault_of_id(value: Any) -> str | None:
    """Return why a value cannot be an id, or None; an empty one has no fault of this kind."""
    if isinstance(value, float) and math.isinf(value):
        return "a number that is infinite is no id"
    return _no_scalar(value, "an id") or _no_text(value)


def quoted(value: Any) -> str:
    """Return a value in quotes, cut, for a message."""
    text = value if isinstance(value, str) else repr(value)
    return f'"{cut(text.encode(errors="backslashreplace").decode(), _LONGEST_SHOWN)}"'


def fault_of(value: Any) -> str | None:
    """Return why a value cannot be a text, or None; a missing one can."""
    return _no_scalar(value, "a text") or _no_text(value)


def _no_text(value: Any) -> str | None:
    if isinstance(value, str) and "\0" in value:
        return "it holds a null byte"
    return _lone_surrogate(value)


def _no_scalar(value: Any, wanted: str) -> str | None:
    if isinstance(value, list | dict):
        return f"{wanted} is wanted, this is a {type(value).__name__}"
    return (
        f"{wanted} is wanted, these are bytes that are not UTF-8"
        if isinstance(value, bytes)
        else None
    )


def _free(name: str, taken: Iterable[str]) -> str:
    """Return the name under which a column is kept: its own, unless negmine has such a column."""
    if name and name not in RESERVED:
        return name
    name = f"{name}_source" if name else "unnamed"
    while name in taken:
        name = f"{name}_source"
    return name


def _lone_surrogate(value: Any) -> str | None:
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            return f"lone surrogate at character {error.start + 1}"
    return None


def _as_extra(value: Any) -> str | None:
    """Return a value of the source's own columns as text: JSON, unless it is one; bytes in base64."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return json.dumps(value, ensure_ascii=False, default=str)
