"""Runs of other search engines: TREC (6 columns, no header), csv, tsv, jsonl, Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from negmine.data.sources.columns import ACCEPTED, find, listed
from negmine.data.sources.formats import read_chunks
from negmine.data.sources.problems import Problems
from negmine.data.sources.qrels import has_ids
from negmine.data.sources.records import as_id, quoted
from negmine.data.sources.rows import Row
from negmine.data.sources.text import RawLine, decoded, lines, raw_lines
from negmine.errors import InputError

LINES = 1 << 18  # of a TREC run that are read at once
LARGEST = float(np.finfo(np.float32).max)
_FIELDS = ("query_id", "q0", "doc_id", "rank", "score", "tag")
_TREC = "".join(rf"\s*(?<{name}>\S+)" + r"\s" for name in _FIELDS).removesuffix(r"\s")
_NAMED = (".csv", ".jsonl", ".ndjson", ".json", ".parquet")
_SIX = "A TREC run is: query Q0 document rank score tag."
_COLUMNS = ("query_id", "doc_id", "rank", "score", "line")


def read_run(path: Path, problems: Problems) -> Iterator[pl.DataFrame]:
    """Yield the rows of a run, some at a time: query_id, doc_id, rank, score (float64), line (of the file).

    rank is null where the file has none, or none that is a whole number. What cannot be read becomes a problem.
    Raises InputError for a file that is no run.
    """
    pieces = _trec(path, problems) if _is_trec(path) else _named(path, problems)
    for rows in pieces:
        is_score = pl.col("score").is_finite() & (pl.col("score").abs() <= LARGEST)
        is_good = is_score.fill_null(False)
        for row in rows.filter(~is_good).iter_rows(named=True):
            problems.add(
                "score is no number",
                file=path,
                row=row["line"],
                message=f"score {quoted(row['text'])} is no finite number that fits into float32",
                remedy="Write a number, higher for better.",
            )
        yield rows.filter(is_good).select(_COLUMNS)


def _is_trec(path: Path) -> bool:
    """Tell a TREC run from a file with named columns. Raises InputError for what is neither."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(_NAMED):
        return False
    first = next((line.text for line in lines(path, Problems(skip=True)) if line.text.strip()), "")
    fields = first.split()
    if len(fields) == len(_FIELDS) and _is_number(fields[4]):
        return True
    if name.endswith(".tsv"):
        return False
    raise InputError(
        f"{path}: its first line has {len(fields)} fields: {quoted(first.strip())}. {_SIX} "
        "Name a file with a header .tsv, .csv, .jsonl or .parquet."
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _trec(path: Path, problems: Problems) -> Iterator[pl.DataFrame]:
    left = raw_lines(path, problems)
    while block := list(islice(left, LINES)):
        texts = _texts(block, path, problems)
        numbers = [line.number for line in block]
        rows = pl.DataFrame(
            {"line": numbers, "whole": texts}, {"line": pl.Int64, "whole": pl.String}
        )
        rows = rows.filter(pl.col("whole").str.contains(r"\S")).with_columns(
            pl.col("whole").str.extract_groups(rf"^{_TREC}\s*$").alias("fields")
        )
        rows = rows.unnest("fields")
        is_row = pl.col("tag").is_not_null()
        for number, whole in rows.filter(~is_row).select("line", "whole").iter_rows():
            problems.add(
                "wrong number of fields",
                file=path,
                row=number,
                message=f"{len(whole.split())} fields where there should be {len(_FIELDS)}",
                remedy=_SIX,
            )
        yield rows.filter(is_row).with_columns(
            pl.col("score").alias("text"),
            pl.col("score").cast(pl.Float64, strict=False),
            pl.col("rank").cast(pl.Int64, strict=False),
        )


def _texts(block: Sequence[RawLine], path: Path, problems: Problems) -> Sequence[str | None]:
    """Return the text of every line; None where it is no UTF-8, which becomes a problem."""
    try:
        return b"".join(line.raw for line in block).decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        return [decoded(line.raw, path, line.number, problems) for line in block]


def _named(path: Path, problems: Problems) -> Iterator[pl.DataFrame]:
    names: dict[str, str | None] = {}
    for chunk in read_chunks(path, problems):
        rows = chunk.rows()
        if rows and not names:
            names = _columns(path, rows[0])
        values = [_values(row, names) for row in rows]
        good = [one for one in values if has_ids(one, path, problems)]
        yield pl.DataFrame(
            [
                (
                    as_id(one.values["query_id"]),
                    as_id(one.values["doc_id"]),
                    *_numbers(one),
                    one.number,
                )
                for one in good
            ],
            schema={
                "query_id": pl.String,
                "doc_id": pl.String,
                "rank": pl.Int64,
                "text": pl.String,
                "line": pl.Int64,
            },
            orient="row",
        ).with_columns(pl.col("text").cast(pl.Float64, strict=False).alias("score"))


def _columns(path: Path, row: Row) -> dict[str, str | None]:
    """Return which column of the file holds what; rank may be missing. Raises InputError for the others."""
    names: dict[str, str | None] = {}
    for name in ("query_id", "doc_id", "score", "rank"):
        left = [column for column in row.values if column not in names.values()]
        names[name] = find(name, left)
        if names[name] is None and name != "rank":
            raise InputError(
                f"{path} has no column for the {name.replace('_', ' ')}. It has: {listed(row.values)}. "
                f"Name it one of: {', '.join(ACCEPTED[name])}."
            )
    return names


def _values(row: Row, names: dict[str, str | None]) -> Row:
    values = {what: None if name is None else row.values.get(name) for what, name in names.items()}
    return Row(row.number, row.position, values)


def _numbers(row: Row) -> tuple[int | None, str]:
    """Return the rank, if it is a whole number, and the score as text."""
    rank: Any = row.values["rank"]
    try:
        number = int(rank)
    except (TypeError, ValueError, OverflowError):
        number = None
    score = row.values["score"]
    return number, "" if score is None or isinstance(score, bool) else str(score)
