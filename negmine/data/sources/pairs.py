"""(query, positive) text pairs: every row is a query, a document and a judgement.

Row 17 makes query "pairs:17" and document "pairs:17". A row is used whole or not at all. Repeated
texts are no trouble: stage index makes one query or document of them, and pools the positives.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from negmine.data.sources.columns import listed
from negmine.data.sources.problems import Problems
from negmine.data.sources.reading import FileRows
from negmine.data.sources.records import as_text, fault_of
from negmine.data.sources.rows import Row
from negmine.errors import InputError


class Pair(NamedTuple):
    """A row of a pairs file whose query and positive can both be used."""

    number: int
    position: int
    query: str
    positive: str

    def row(self, **values: Any) -> Row:
        """Return a row of these values at the place of the pair."""
        return Row(self.number, self.position, values)

    @property
    def name(self) -> str:
        """The query_id and the doc_id."""
        return f"pairs:{self.position + 1}"


def good_pairs(files: FileRows, problems: Problems, columns: Mapping[str, str]) -> Iterator[Pair]:
    """Yield the pairs of files that are one table; a row that lacks one side becomes one problem.

    columns: flag to column, of the query and of the positive. Raises InputError unless each file has both.
    """
    checked = -1
    for file, row in files.data_rows():
        path = files.files[file]
        if file != checked:
            _check_columns(path, row, columns)
            checked = file
        texts = [row.values.get(column) for column in columns.values()]
        faults = [_fault(side, text) for side, text in zip(_SIDES, texts, strict=True)]
        if any(faults):
            problems.add(
                "unusable pair",
                file=path,
                row=row.number,
                message=", ".join(filter(None, faults)),
                remedy="Give it a text, or leave the row out.",
            )
        else:
            yield Pair(row.number, row.position, *map(str, texts))


_SIDES = ("query", "positive")


def _fault(side: str, text: Any) -> str:
    """Return what is wrong with one side of a pair, or nothing."""
    fault = fault_of(text)
    if fault:
        return f"the {side}: {fault}"
    return "" if (as_text(text) or "").strip() else f"the {side} is empty"


def queries(pairs: Iterable[Pair]) -> Iterator[Row]:
    """Yield a row of query_id and text for every pair."""
    return (pair.row(query_id=pair.name, text=pair.query) for pair in pairs)


def positives(pairs: Iterable[Pair]) -> Iterator[Row]:
    """Yield a row of doc_id and text for every pair."""
    return (pair.row(doc_id=pair.name, text=pair.positive) for pair in pairs)


def judgements(pairs: Iterable[Pair]) -> Iterator[Row]:
    """Yield a judgement per pair: query pairs:N finds document pairs:N relevant."""
    return (pair.row(query_id=pair.name, doc_id=pair.name, relevance=1) for pair in pairs)


def _check_columns(path: Path, first: Row, columns: Mapping[str, str]) -> None:
    """Raise InputError unless the first row of a file has all these columns."""
    missing = [
        _missing(path, first, column, flag)
        for flag, column in columns.items()
        if column not in first.values
    ]
    if missing:
        raise InputError("\n".join(missing))


def _missing(path: Path, row: Row, column: str, flag: str) -> str:
    close = difflib.get_close_matches(column, row.values, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return (
        f"{path} has no column {column!r}.{hint} It has: {listed(row.values)}. Name it with {flag}."
    )
