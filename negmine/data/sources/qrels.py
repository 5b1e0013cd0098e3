"""Relevance judgements: TREC (4 columns, no header), BEIR tsv, csv, jsonl, Parquet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from negmine.config.naming import counted
from negmine.data.frames import array
from negmine.data.schemas import ID
from negmine.data.sources.columns import ACCEPTED, find, listed
from negmine.data.sources.formats import IPC, read_rows
from negmine.data.sources.problems import Problems
from negmine.data.sources.reading import FileRows, coded, where
from negmine.data.sources.records import as_id, fault_of_id, quoted
from negmine.data.sources.rows import Row
from negmine.data.sources.text import lines
from negmine.errors import InputError

LARGEST = 2**31 - 1
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_NAMES = ("query_id", "doc_id", "relevance")


def read_qrels(files: FileRows | Path, problems: Problems) -> Iterator[pa.Table]:
    """Yield one table of query_id, doc_id, relevance (int32), and the place (reading.coded) it stands in.

    A pair that is said twice with the same relevance is kept once; with another it is a problem.
    """
    files = FileRows((files,), problems) if isinstance(files, Path) else files
    seen: dict[tuple[str, str], tuple[int, int]] = {}
    repeated = 0
    for path, place, row in _rows_of(files):
        relevance = checked_relevance(row, path, problems)
        if relevance is None or not has_ids(row, path, problems):
            continue
        query, document = as_id(row.values["query_id"]), as_id(row.values["doc_id"])
        before = seen.setdefault((query, document), (relevance, place))
        if before[1] == place:
            continue
        if before[0] == relevance:
            repeated += 1
            continue
        earlier, line = where(before[1], files.files)
        there = f"{line} of {earlier.name}" if earlier != path else line
        problems.add(
            "contradicting relevance",
            file=path,
            row=row.number,
            message=f"query {quoted(query)}, document {quoted(document)}: relevance {relevance}, "
            f"but {before[0]} in line {there}",
            remedy="Keep one of the two rows; --on-error skip keeps the first.",
        )
    if repeated:
        verb = "repeats" if repeated == 1 else "repeat"
        names = files.files[0].name if len(files.files) == 1 else "qrels"
        problems.notes.append(f"{names}: {counted(repeated, 'rows')} {verb} an earlier one")
    yield pa.table(
        {
            "query_id": array([query for query, _ in seen], ID),
            "doc_id": array([document for _, document in seen], ID),
            "relevance": array([relevance for relevance, _ in seen.values()], pa.int32()),
            "line": array([number for _, number in seen.values()], pa.int64()),
        }
    )


def _rows_of(files: FileRows) -> Iterator[tuple[Path, int, Row]]:
    """Yield file, place and row of all judgements."""
    for number, rows in files.each(judgement_rows):
        for row in rows:
            yield files.files[number], coded(row.number, number), row


def tables_of(rows: Iterator[Row]) -> Iterator[pa.Table]:
    """Yield one table of rows that already have query_id, doc_id, relevance, as `pairs` makes them."""
    kept = list(rows)
    yield pa.table(
        {
            "query_id": array([row.values["query_id"] for row in kept], ID),
            "doc_id": array([row.values["doc_id"] for row in kept], ID),
            "relevance": array([row.values["relevance"] for row in kept], pa.int32()),
            "line": array([row.number for row in kept], pa.int64()),
        }
    )


def judgement_rows(path: Path, problems: Problems) -> Iterator[Row]:
    """Yield rows of query_id, doc_id, relevance as they stand in the file, whatever its format."""
    plain = _plain_columns(path)
    if plain is None:
        return _named_rows(path, problems)
    return _plain_rows(path, problems, plain)


def _plain_columns(path: Path) -> int | None:
    """Return 4 for TREC, 3 for a headerless tsv, None for a file with named columns."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".csv", ".jsonl", ".ndjson", ".json", ".parquet", *IPC)):
        return None
    first = next((line.text for line in lines(path, Problems(skip=True)) if line.text.strip()), "")
    fields = first.split()
    if len(fields) == 4 and as_relevance(fields[3]) is not None:
        return 4
    if len(fields) == 3 and as_relevance(fields[2]) is not None:
        return 3
    if name.endswith(".tsv"):
        return None
    if not fields:  # what is wrong with it, if it is more than that it is empty
        problems = Problems(skip=False)
        for _ in lines(path, problems):
            pass
        problems.raise_if_any()
        return 4
    what = f"its first line has {len(fields)} fields"
    if len(fields) == 4:
        what = f"line 1: relevance {quoted(fields[3])} is no whole number"
    raise InputError(
        f"{path}: {what}; TREC qrels have four: query 0 document relevance. Lines end with LF or CRLF. Name a "
        "file with a header .tsv, .csv, .jsonl or .parquet."
    )


def _plain_rows(path: Path, problems: Problems, columns: int) -> Iterator[Row]:
    position = -1
    for line in lines(path, problems):
        fields = line.text.split()
        if not fields:
            continue
        position += 1
        if len(fields) != columns:
            problems.add(
                "wrong number of fields",
                file=path,
                row=line.number,
                message=f"{len(fields)} fields where there should be {columns}",
                remedy="TREC qrels are: query 0 document relevance.",
            )
            continue
        values = (fields[0], fields[-2], fields[-1])
        yield Row(line.number, position, dict(zip(_NAMES, values, strict=True)))


def _named_rows(path: Path, problems: Problems) -> Iterator[Row]:
    names: dict[str, str] = {}
    for row in read_rows(path, problems):
        if not names:
            names = _understand(path, row)
        values = {name: row.values.get(source) for name, source in names.items()}
        yield Row(row.number, row.position, values)


def _understand(path: Path, row: Row) -> dict[str, str]:
    names: dict[str, str] = {}
    for name in _NAMES:
        left = [column for column in row.values if column not in names.values()]
        column = find(name, left)
        if column is None:
            raise InputError(
                f"{path} has no column for the {name.replace('_', ' ')}. It has: "
                f"{listed(row.values)}. Name it one of: {', '.join(ACCEPTED[name])}."
            )
        names[name] = column
    return names


def checked_relevance(row: Row, path: Path, problems: Problems) -> int | None:
    """Return the relevance of a row; what is none becomes a problem, and None."""
    value = row.values["relevance"]
    relevance = as_relevance(value)
    if relevance is None:
        problems.add(
            "relevance is no whole number",
            file=path,
            row=row.number,
            message=f"relevance {quoted(value)} is no whole number from -{LARGEST:,} to {LARGEST:,}",
            remedy="Write 1 for relevant, 0 for judged not relevant, or grades.",
        )
    return relevance


def as_relevance(value: Any) -> int | None:
    """Return a relevance; None for what is no whole number that fits into 32 bits."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(number) if number.is_integer() and abs(number) <= LARGEST else None


def has_ids(row: Row, path: Path, problems: Problems) -> bool:
    """Tell whether a row has both ids; one that lacks one becomes a problem."""
    for name in ("query_id", "doc_id"):
        value = row.values[name]
        fault = fault_of_id(value) or ("" if as_id(value) else "it is empty")
        if fault:
            problems.add(
                f"unusable {name}",
                file=path,
                row=row.number,
                message=f"{name} {quoted(value)}: {fault}" if as_id(value) else f"{name} is empty",
                remedy="Name both ids in every row, as they stand in corpus and queries.",
            )
            return False
    return True
