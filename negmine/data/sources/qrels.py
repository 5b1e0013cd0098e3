"""Relevance judgements: TREC (4 columns, no header), BEIR tsv, csv, jsonl, Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from negmine.config.naming import counted
from negmine.data.frames import array
from negmine.data.schemas import ID
from negmine.data.sources.columns import ACCEPTED, find
from negmine.data.sources.formats import read_rows
from negmine.data.sources.problems import Problems
from negmine.data.sources.records import as_id
from negmine.data.sources.rows import Row
from negmine.data.sources.text import lines
from negmine.errors import InputError

_NAMES = ("query_id", "doc_id", "relevance")


def read_qrels(path: Path, problems: Problems) -> Iterator[pa.Table]:
    """Yield one table of query_id, doc_id, relevance (int32), and the line it stands in.

    A pair that is said twice with the same relevance is kept once; with another it is a problem.
    """
    seen: dict[tuple[str, str], tuple[int, int]] = {}
    repeated = 0
    for row in judgement_rows(path, problems):
        query, document = as_id(row.values["query_id"]), as_id(row.values["doc_id"])
        relevance = _relevance(row, path, problems)
        if relevance is None or not _has_ids(query, document, row, path, problems):
            continue
        before = seen.setdefault((query, document), (relevance, row.number))
        if before[1] == row.number:
            continue
        if before[0] == relevance:
            repeated += 1
            continue
        problems.add(
            "contradicting relevance",
            file=path,
            row=row.number,
            message=f'query "{query}", document "{document}": relevance {relevance}, '
            f"but {before[0]} in line {before[1]}",
            remedy="Keep one of the two rows; --on-error skip keeps the first.",
        )
    if repeated:
        verb = "repeats" if repeated == 1 else "repeat"
        problems.notes.append(f"{path.name}: {counted(repeated, 'rows')} {verb} an earlier one")
    yield pa.table(
        {
            "query_id": array([query for query, _ in seen], ID),
            "doc_id": array([document for _, document in seen], ID),
            "relevance": array([relevance for relevance, _ in seen.values()], pa.int32()),
            "line": array([number for _, number in seen.values()], pa.int64()),
        }
    )


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
    if name.endswith((".csv", ".jsonl", ".ndjson", ".json", ".parquet")):
        return None
    first = next((line.text for line in lines(path, Problems(skip=True)) if line.text.strip()), "")
    fields = first.split()
    if len(fields) == 4 and _is_number(fields[3]):
        return 4
    if len(fields) == 3 and _is_number(fields[2]):
        return 3
    if not name.endswith(".tsv"):
        raise InputError(
            f"{path}: its first line has {len(fields)} fields; TREC qrels have four: query 0 document "
            "relevance. Name a file with a header .tsv, .csv, .jsonl or .parquet."
        )
    return None


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
                f"{', '.join(row.values)}. Name it one of: {', '.join(ACCEPTED[name])}."
            )
        names[name] = column
    return names


def _relevance(row: Row, path: Path, problems: Problems) -> int | None:
    value = row.values["relevance"]
    if _is_number(value) and float(value).is_integer():
        return int(float(value))
    problems.add(
        "relevance is no whole number",
        file=path,
        row=row.number,
        message=f"relevance {value!r} is no whole number",
        remedy="Write 1 for relevant, 0 for judged not relevant, or grades.",
    )
    return None


def _has_ids(query: str, document: str, row: Row, path: Path, problems: Problems) -> bool:
    for name, value in (("query_id", query), ("doc_id", document)):
        if not value:
            problems.add(
                f"empty {name}",
                file=path,
                row=row.number,
                message=f"{name} is empty",
                remedy="Name both ids in every row.",
            )
            return False
    return True


def _is_number(value: Any) -> bool:
    try:
        return float(value) == float(value)
    except (TypeError, ValueError):
        return False
