"""(query, positive) text pairs: every row is a query, a document and a judgement.

Row 17 makes query "pairs:17" and document "pairs:17". Repeated texts are no trouble: stage index
makes one query or document of them, and pools the positives.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path

from negmine.data.sources.formats import read_rows
from negmine.data.sources.problems import Problems
from negmine.data.sources.rows import Row
from negmine.errors import InputError


def pair_rows(path: Path, problems: Problems, column: str, key: str) -> Iterator[Row]:
    """Yield rows with `key` (doc_id or query_id) and text, out of one column of a pairs file."""
    for row in read_rows(path, problems):
        values = {key: f"pairs:{row.position + 1}", "text": row.values.get(column)}
        yield Row(row.number, row.position, values)


def judgements(path: Path, problems: Problems) -> Iterator[Row]:
    """Yield a judgement per row: query pairs:N finds document pairs:N relevant."""
    for row in read_rows(path, problems):
        name = f"pairs:{row.position + 1}"
        yield Row(row.number, row.position, {"query_id": name, "doc_id": name, "relevance": 1})


def check_columns(path: Path, columns: Mapping[str, str]) -> None:
    """Raise InputError unless the file has all these columns. columns: flag to column name."""
    first = next(read_rows(path, Problems(skip=True)), None)
    missing = [
        _missing(path, first, column, flag)
        for flag, column in columns.items()
        if first is not None and column not in first.values
    ]
    if missing:
        raise InputError("\n".join(missing))


def _missing(path: Path, row: Row, column: str, flag: str) -> str:
    close = difflib.get_close_matches(column, row.values, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{path} has no column {column!r}.{hint} It has: {', '.join(row.values)}. Name it with {flag}."
