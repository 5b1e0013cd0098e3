"""Rows out of csv and tsv files."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from negmine.data.sources.columns import check_names
from negmine.data.sources.problems import Problems
from negmine.data.sources.rows import Row
from negmine.data.sources.text import LONGEST_LINE, Line, lines

csv.field_size_limit(LONGEST_LINE)
_CR = (
    "a bare CR stands in this row, and lines end with LF or CRLF",
    r"If CR ends your lines, convert them: tr '\r' '\n'. If not, remove it, or quote the field (csv).",
)
_QUOTES = 'Close the field, and write a quote inside of quotes twice: "".'


def separated_rows(path: Path, problems: Problems, delimiter: str, quoting: Any) -> Iterator[Row]:
    """Yield the rows below the header. Raises InputError where a column is there twice."""
    text = _Lines(lines(path, problems))
    header: list[str] | None = None
    position = -1
    reader = csv.reader(text, delimiter=delimiter, quoting=quoting, strict=True)
    for first, fields in _records(reader, text, path, problems):
        if not fields or (len(fields) == 1 and not fields[0].strip()):
            continue
        if header is None and not any(name.strip() for name in fields):
            continue
        if header is None:
            header = [name.strip() for name in fields]
            check_names(path, header)
            continue
        position += 1
        if len(fields) == len(header):
            yield Row(first, position, dict(zip(header, fields, strict=True)))
        else:
            problems.add(
                "wrong number of fields",
                file=path,
                row=first,
                message=f"{len(fields)} fields where the header has {len(header)}",
                remedy="Quote fields that hold the separator (csv), or repair the row.",
            )


class _Lines:
    """The lines that a csv reader takes, as long as those of one record have what a row may have."""

    def __init__(self, given: Iterator[Line]) -> None:
        self._given, self.of_record = given, 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        text = next(self._given).text
        self.of_record += len(text)
        if self.of_record > LONGEST_LINE:
            raise csv.Error(f"it has more than {LONGEST_LINE:,} characters")
        return text


def _records(
    reader: Any, text: _Lines, path: Path, problems: Problems
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which a record begins, and its fields. What cannot be read ends it: rows are lost."""
    start = 1
    try:
        for fields in reader:
            yield start, fields
            start, text.of_record = reader.line_num + 1, 0
    except csv.Error as error:
        kind, message, remedy = (
            "broken quotes",
            f"the quotes of this row cannot be read ({error})",
            _QUOTES,
        )
        if "unexpected end" in str(error):
            message = "a quote that is opened here is never closed"
        elif "new-line character" in str(error):
            kind, (message, remedy) = "bare CR", _CR
        problems.add(
            kind, file=path, row=start, message=message, remedy=remedy, safe_to_skip=False
        )  # fmt: skip
