"""Files of --pairs: every row is a query, its positives and judgements, and perhaps negatives.

Row 17 makes query "pairs:17" and document "pairs:17"; further positives are "pairs:17:positive:2" and so on,
negatives "pairs:17:negative:1". A row is used whole or not at all. Repeated
texts are no trouble: stage index makes one query or document of them, and pools the positives.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from negmine.config.pairs_formats import AUTO, PAIRS, TEVATRON, WITH_NEGATIVES
from negmine.config.settings import IndexSettings
from negmine.data.sources.columns import listed
from negmine.data.sources.mined_files import FORMS
from negmine.data.sources.mined_values import Parts, Passage
from negmine.data.sources.problems import Problems
from negmine.data.sources.reading import FileRows, coded
from negmine.data.sources.rows import CHUNK, Row
from negmine.errors import InputError

_NEGATIVES = {
    "query_id": pl.String,
    "doc_id": pl.String,
    "rank": pl.Int64,
    "score": pl.Float64,
    "line": pl.Int64,
}


class Pair(NamedTuple):
    """A row of a pairs file that can be used. file: which of the files, from 0. others: see Parts."""

    file: int
    number: int
    position: int
    parts: Parts

    @property
    def name(self) -> str:
        """The query_id, and the doc_id of the first positive."""
        return f"pairs:{self.position + 1}"

    def documents(self) -> Iterator[tuple[str, Passage]]:
        """Yield doc_id and passage of the positives, then of the negatives."""
        yield from self.positives()
        yield from self.negatives()

    def positives(self) -> Iterator[tuple[str, Passage]]:
        """Yield doc_id and passage of every positive."""
        for place, passage in enumerate(self.parts.positives, 1):
            yield self.name if place == 1 else f"{self.name}:positive:{place}", passage

    def negatives(self) -> Iterator[tuple[str, Passage]]:
        """Yield doc_id and passage of every negative."""
        for place, passage in enumerate(self.parts.negatives, 1):
            yield f"{self.name}:negative:{place}", passage


def good_pairs(files: FileRows, problems: Problems, settings: IndexSettings) -> Iterator[Pair]:
    """Yield the rows of files that are one table; one that cannot be used becomes one problem.

    Raises InputError unless each file has the columns of --pairs-format.
    """
    name = PAIRS if settings.pairs_format == AUTO else settings.pairs_format
    form, checked = FORMS[name], -1
    for file, row in files.data_rows():
        path = files.files[file]
        if file != checked:
            _check_columns(path, row, form.columns(settings, row.values), name)
            checked = file
        parts = form.parts(settings, row.values)
        if parts.faults:
            problems.add(
                "unusable pair" if name == PAIRS else "unusable row",
                file=path,
                row=row.number,
                message=", ".join(parts.faults),
                remedy="Give it a text, or leave the row out."
                if name == PAIRS
                else "Mend the row, or leave it out.",
            )
        else:
            yield Pair(file, row.number, row.position, parts)


def queries(pairs: Iterable[Pair]) -> Iterator[Row]:
    """Yield a row of query_id, text and the other columns for every pair."""
    for pair in pairs:
        values = {"query_id": pair.name, "text": pair.parts.query, **_own(pair.parts.other)}
        yield Row(pair.number, pair.position, values)


def _own(other: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in other.items() if name not in ("query_id", "text")}


def documents(pairs: Iterable[Pair], settings: IndexSettings) -> Iterator[Row]:
    """Yield a row of doc_id, text (title, docid) for every positive and negative."""
    is_pairs = settings.pairs_format not in WITH_NEGATIVES
    with_titles, count = settings.pairs_format == TEVATRON, 0
    for pair in pairs:
        for name, passage in pair.documents():
            values: dict[str, Any] = {"doc_id": name, "text": passage.text}
            if with_titles:
                values |= {"title": passage.title or "", "docid": passage.docid}
            yield Row(pair.number, pair.position if is_pairs else count, values)
            count += 1


def judgements(pairs: Iterable[Pair]) -> Iterator[Row]:
    """Yield a judgement for every positive: query pairs:N finds document pairs:N relevant."""
    for pair in pairs:
        for name, _ in pair.positives():
            values = {"query_id": pair.name, "doc_id": name, "relevance": 1}
            yield Row(pair.number, pair.position, values)


def negatives(pairs: Iterable[Pair], counts: Counter[str]) -> Iterator[pl.DataFrame]:
    """Yield query_id, doc_id, rank (null), score, line of every negative, some at a time.

    score: that of the file, else -1, -2 ... by the place in the list. counts: `rows`, `negatives` and `empty`
    (negatives without a text) are added to it, and `rows_without` any negative.
    """
    rows: list[tuple[str, str, None, float, int]] = []
    for pair in pairs:
        some = list(pair.negatives())
        scores = [passage.score for _, passage in some]
        by_place = any(score is None for score in scores)
        for place, ((name, _), score) in enumerate(zip(some, scores, strict=True), 1):
            value = -float(place) if by_place or score is None else score
            rows.append((pair.name, name, None, value, coded(pair.number, pair.file)))
        counts["rows"] += 1
        counts["empty"] += pair.parts.empty
        counts["negatives"] += len(some) + pair.parts.empty
        counts["rows_without"] += not some
        if len(rows) >= CHUNK:
            yield pl.DataFrame(rows, _NEGATIVES, orient="row")
            rows = []
    yield pl.DataFrame(rows, _NEGATIVES, orient="row")


def _check_columns(path: Path, first: Row, columns: Mapping[str, str], form: str) -> None:
    """Raise InputError unless the first row of a file has all these columns."""
    missing = [
        _missing(path, first, column, flag, form)
        for flag, column in columns.items()
        if column not in first.values
    ]
    if missing:
        raise InputError("\n".join(missing))


def _missing(path: Path, row: Row, column: str, flag: str, form: str) -> str:
    close = difflib.get_close_matches(column, row.values, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    by_flag = flag.startswith("--")
    remedy = f"Name it with {flag}." if by_flag else f"--pairs-format {form} reads it."
    return f"{path} has no column {column!r}.{hint} It has: {listed(row.values)}. {remedy}"
