"""From rows to checked tables of documents and queries: ids, texts, the source's own columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from negmine.errors import InputError
from negmine.frames import array
from negmine.schemas import ID
from negmine.sources.columns import ACCEPTED, find
from negmine.sources.formats import CHUNK, Row
from negmine.sources.problems import Problems

RESERVED = {"doc_id", "query_id", "title", "text", "same_as", "text_key", "body_key", "source_row"}


@dataclass
class Records:
    """Turns the rows of one file into tables of `id_column`, text, (title,) source_row and extras."""

    path: Path
    problems: Problems
    id_column: str  # doc_id or query_id
    text_name: str  # key of ACCEPTED
    with_title: bool
    first_seen: dict[str, int] = field(default_factory=dict)
    _columns: dict[str, str] = field(default_factory=dict)  # "" stands for no such column
    _extras: dict[str, str] = field(default_factory=dict)
    _late: set[str] = field(default_factory=set)

    def tables(self, rows: Iterable[Row], offset: int = 0) -> Iterator[pa.Table]:
        """Yield tables of at most CHUNK rows; bad rows become problems."""
        chunk: list[Row] = []
        for row in rows:
            chunk.append(row)
            if len(chunk) == CHUNK:
                yield self._table(chunk, offset)
                chunk = []
        if chunk:
            yield self._table(chunk, offset)

    def _table(self, chunk: list[Row], offset: int) -> pa.Table:
        if not self._columns:
            self._understand(chunk)
        good = [row for row in chunk if self._is_good(row)]
        id_name, text_name = self._columns["id"], self._columns["text"]
        data: dict[str, pa.Array] = {
            self.id_column: array([as_id(row.values[id_name]) for row in good], ID),
            "text": array([as_text(row.values.get(text_name)) for row in good], ID),
            "source_row": array([row.position + offset for row in good], pa.int64()),
        }
        if self.with_title:
            title = self._columns["title"]
            titles = [as_text(row.values.get(title)) for row in good]
            data["title"] = array(titles, ID)
        for name, target in self._extras.items():
            data[target] = _column([row.values.get(name) for row in good])
        return pa.table(data)

    def _understand(self, chunk: list[Row]) -> None:
        """Find the columns by the first chunk; raise InputError where one is missing."""
        names = list(dict.fromkeys(name for row in chunk for name in row.values))
        found = {"id": find(self.id_column, names) or "", "text": find(self.text_name, names) or ""}
        for what, key in (("id", self.id_column), ("text", self.text_name)):
            if not found[what] and not (what == "text" and find("title", names)):
                raise InputError(
                    f"{self.path} has no column for the {key.replace('_', ' ')}. It has: "
                    f"{', '.join(names)}. Name it one of: {', '.join(ACCEPTED[key])}."
                )
        found["title"] = (find("title", names) or "") if self.with_title else ""
        self._columns = found
        for name in names:
            if name in found.values() or not any(row.values.get(name) for row in chunk):
                continue
            self._extras[name] = f"{name}_source" if name in RESERVED else name

    def _is_good(self, row: Row) -> bool:
        self._note_late(row)
        return self._has_own_id(row) and self._has_text(row)

    def _has_own_id(self, row: Row) -> bool:
        identifier, what = as_id(row.values.get(self._columns["id"])), self.id_column
        if not identifier:
            self.problems.add(
                f"empty {what}",
                file=self.path,
                row=row.number,
                message=f"{what} is empty",
                remedy="Give every row an id.",
            )
            return False
        before = self.first_seen.get(identifier)
        if before is None:
            self.first_seen[identifier] = row.number
            return True
        self.problems.add(
            f"duplicate {what}",
            file=self.path,
            row=row.number,
            message=f'{what} "{identifier}" stands in line {before} already',
            remedy="Give every row its own id; --on-error skip keeps the first.",
        )
        return False

    def _has_text(self, row: Row) -> bool:
        text = row.values.get(self._columns["text"])
        title = row.values.get(self._columns["title"])
        fault = _fault(text) or _fault(title)
        if not fault and not any((as_text(value) or "").strip() for value in (text, title)):
            fault = "the text is empty"
        if fault:
            identifier = as_id(row.values.get(self._columns["id"]))
            self.problems.add(
                f"unusable text of a {self.id_column.removesuffix('_id')}",
                file=self.path,
                row=row.number,
                message=f'{self.id_column} "{identifier}": {fault}',
                remedy="Give it a text, or leave the row out.",
            )
        return fault is None

    def _note_late(self, row: Row) -> None:
        known = {*self._extras, *self._columns.values()}
        for name in row.values.keys() - known:
            if name not in self._late and row.values[name] not in (None, "", {}, []):
                self._late.add(name)
                self.problems.notes.append(
                    f"{self.path.name}, line {row.number}: column {name!r} first appears here, after the "
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
    """Return a text; numbers become text, None stays."""
    return value if value is None or isinstance(value, str) else str(value)


def _fault(value: Any) -> str | None:
    if isinstance(value, list | dict):
        return f"a text is wanted, this is a {type(value).__name__}"
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            return f"lone surrogate at character {error.start + 1}"
    if isinstance(value, str) and "\0" in value:
        return "it holds a null byte"
    return None


def _column(values: list[Any]) -> pa.Array:
    if all(isinstance(value, str) or value is None for value in values):
        return array(values, ID)
    return array(
        [
            v if v is None or isinstance(v, str) else json.dumps(v, ensure_ascii=False, default=str)
            for v in values
        ],
        ID,
    )
