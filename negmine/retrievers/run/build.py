"""From the file of a run to an index: checked rows of the documents and queries that negmine has.

A run may be larger than memory, and in any order. So rows are first written down as they come, sorted into
blocks of queries; then each block is checked, ordered and written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from negmine.config.naming import counted
from negmine.data.frames import table
from negmine.data.sources.problems import SHOWN, Problems
from negmine.data.sources.reading import naming
from negmine.data.sources.records import quoted
from negmine.data.sources.runs import read_run
from negmine.engine.context import Context
from negmine.storage.files import scratch_path, table_file
from negmine.storage.layout import CORPUS, QUERIES

ROWS = "rows.parquet"
SCHEMA = pa.schema({"query": pa.int64(), "doc": pa.int64(), "score": pa.float32()})
"""query: source_row of the query. doc: position of the document."""
BLOCK = 1024  # queries
_SPILLED = pa.schema(
    {
        name: pa.float64() if name == "score" else pa.int64()
        for name in ("block", "query_row", "doc_row", "query", "doc", "rank", "score", "line")
    }
)


@dataclass(frozen=True)
class Ids:
    """What ids of the run mean.

    queries: query_id, query_row (its place), first_row (of the query that it is a copy of, or its own), query
    (source_row of that one). documents: doc_id, doc_row, doc (position of the document it is, or is a copy of).
    """

    queries: pl.DataFrame
    documents: pl.DataFrame


@dataclass
class Order:
    """Where ranks contradict scores: in how many queries, and the first row that does."""

    queries: int = 0
    first: list[str] = field(default_factory=list)


def build(context: Context, path: Path, folder: Path) -> dict[str, Any]:
    """Write the index of a run; return numbers for the manifest. Raises InputError for what is wrong."""
    problems = Problems(skip=context.config.index.on_error == "skip")
    ids, order, doc_order = ids_of(context), Order(), context.corpus.doc_order()
    rows = queries = 0
    with (
        scratch_path(folder / "spilled.parquet") as spilled,
        table_file(folder / ROWS, SCHEMA) as out,
    ):
        blocks = spill(_rows(context, path, problems), path, ids, spilled, problems)
        problems.raise_if_any()
        for block in sorted(blocks):
            raw = pl.scan_parquet(spilled).filter(pl.col("block") == block).collect().sort("line")
            _note_order(raw, path, ids, order)
            final = ordered(_once(raw, path, ids, problems), doc_order)
            out.write(table(final, SCHEMA))
            rows, queries = rows + final.height, queries + final["query"].n_unique()
    if not rows:
        _add_empty(path, problems)
    problems.raise_if_any()
    remote = context.work.remote.described([path])
    there = {"remote": remote} if remote else {}
    return {"rows": rows, "queries": queries, **there, **_told(context, problems, order)}


def check_ids(context: Context, path: Path, query_ids: pl.Series, doc_ids: pl.Series) -> None:
    """Raise InputError where a run cannot be read, has other ids than these, or no row at all.

    Nothing is written. With --on-error skip, rows with other ids are no mistake.
    """
    problems, rows = Problems(skip=context.config.index.on_error == "skip"), 0
    known = {"query_id": ("queries", query_ids), "doc_id": ("corpus", doc_ids)}
    for piece in _rows(context, path, problems):
        rows += piece.height
        for column, (place, ids) in known.items():
            unknown = ~pl.col(column).is_in(ids.implode())
            _add_unknown(piece.filter(unknown), column, place, path, problems)
    if not rows:
        _add_empty(path, problems)
    problems.raise_if_any()


def _rows(context: Context, path: Path, problems: Problems) -> Iterator[pl.DataFrame]:
    """Yield the rows of a run's file; messages name an address, not its copy."""
    local = context.work.remote.local(path)
    if local != path:
        problems.shown[str(local)] = str(path)
    with naming(local, path):
        yield from read_run(local, problems)


def ids_of(context: Context) -> Ids:
    """Return what the ids of this data mean."""
    documents = context.work.scan(CORPUS).select("doc_id", "same_as").collect()
    positions = context.corpus.positions(
        documents.select(pl.coalesce("same_as", "doc_id")).to_series()
    )
    queries = context.work.scan(QUERIES).select("query_id", "same_as", "source_row").collect()
    queries = queries.with_row_index("query_row").with_columns(pl.col("query_row").cast(pl.Int64))
    first = queries.select(
        pl.col("query_id").alias("first"),
        pl.col("query_row").alias("first_row"),
        pl.col("source_row").alias("query"),
    )
    queries = queries.with_columns(first=pl.coalesce("same_as", "query_id")).join(
        first, on="first", how="left", maintain_order="left"
    )
    return Ids(
        queries.select("query_id", "query_row", "first_row", "query"),
        documents.select("doc_id", doc_row=pl.int_range(pl.len()), doc=pl.Series(positions)),
    )


def spill(
    pieces: Iterable[pl.DataFrame], path: Path, ids: Ids, file: Path, problems: Problems
) -> set[int]:
    """Write the rows whose ids are known, block by block as they come; return the blocks.

    pieces: of the file `path`, as read_run yields them.
    """
    blocks: set[int] = set()
    with table_file(file, _SPILLED) as writer:
        for piece in pieces:
            rows = piece.join(ids.queries, on="query_id", how="left", maintain_order="left")
            rows = rows.join(ids.documents, on="doc_id", how="left", maintain_order="left")
            rows = rows.with_columns(block=pl.col("first_row") // BLOCK)
            _add_unknown(
                rows.filter(pl.col("block").is_null()), "query_id", "queries", path, problems
            )
            _add_unknown(rows.filter(pl.col("doc").is_null()), "doc_id", "corpus", path, problems)
            rows = rows.drop_nulls(["block", "doc"])
            for (block,), some in rows.group_by("block", maintain_order=True):
                blocks.add(int(str(block)))
                writer.write(table(some, _SPILLED))
    return blocks


def _add_unknown(
    rows: pl.DataFrame, column: str, place: str, path: Path, problems: Problems
) -> None:
    """Add rows whose id is not there: the first few one by one, the rest by number."""
    shown = rows.head(SHOWN).select(column, "line")
    counts = [1] * shown.height
    if rows.height > SHOWN:
        counts[-1] += rows.height - SHOWN
    for (name, line), count in zip(shown.iter_rows(), counts, strict=True):
        problems.add(
            f"the run names a {column} that is not in the {place}",
            file=path,
            row=line,
            message=f"{column} {quoted(name)} is not in the {place}",
            remedy="Make the run over this data. Or leave such rows out.",
            count=count,
        )


def _once(raw: pl.DataFrame, path: Path, ids: Ids, problems: Problems) -> pl.DataFrame:
    """Return the first row of each pair; later ones become problems."""
    pair = ["query_row", "doc_row"]
    marked = raw.with_columns(before=pl.col("line").first().over(pair))
    for row in marked.filter(pl.col("line") != pl.col("before")).iter_rows(named=True):
        query, document = _names(row, ids)
        problems.add(
            "a document twice for a query",
            file=path,
            row=row["line"],
            message=f"query {query}, document {document} stand in line {row['before']} already",
            remedy="Keep one of the rows; --on-error skip keeps the first.",
        )
    return marked.filter(pl.col("line") == pl.col("before"))


def ordered(rows: pl.DataFrame, doc_order: np.ndarray[Any, np.dtype[np.int64]]) -> pl.DataFrame:
    """Return query, doc, score (float32; the best of copies), by query and (-score, doc_id)."""
    best = rows.group_by("query", "doc").agg(pl.col("score").max().cast(pl.Float32))
    places = pl.Series("place", doc_order[best["doc"].to_numpy()])
    return best.with_columns(places).sort("query", -pl.col("score"), "place").drop("place")


def _note_order(raw: pl.DataFrame, path: Path, ids: Ids, order: Order) -> None:
    """Count the queries in which a document stands below one with a smaller score."""
    ranked = raw.filter(pl.col("rank").is_not_null()).sort("query_row", "rank", "line")
    rises = ranked.with_columns(
        over=pl.col("score").diff().over("query_row"),
        rank_before=pl.col("rank").shift().over("query_row"),
    ).filter((pl.col("over") > 0) & (pl.col("rank") > pl.col("rank_before")))
    order.queries += rises["query_row"].n_unique()
    if rises.height and not order.first:
        row = rises.row(rises["line"].arg_min() or 0, named=True)
        query, document = _names(row, ids)
        order.first.append(
            f"{path.name}, line {row['line']}: query {query}, document {document} has rank {row['rank']} and "
            f"a higher score than rank {row['rank_before']}"
        )


def _names(row: dict[str, Any], ids: Ids) -> Iterator[str]:
    yield quoted(ids.queries["query_id"][row["query_row"]])
    yield quoted(ids.documents["doc_id"][row["doc_row"]])


def _add_empty(path: Path, problems: Problems) -> None:
    problems.add(
        "nothing of the run is in the data",
        file=path,
        row=None,
        message="no row has a query and a document of this data",
        remedy="Check that the run was made over the same ids.",
        safe_to_skip=False,
    )


def _told(context: Context, problems: Problems, order: Order) -> dict[str, Any]:
    """Note what was skipped, and where ranks are not those of the scores; return both for the manifest."""
    notes = list(problems.notes)
    if order.queries:
        where = counted(order.queries, "queries")
        notes.append(
            f"{order.first[0]}; so in {where}. The scores count, and ranks are made from them"
        )
    for note in notes:
        context.progress.note(note)
    for what, count in problems.skipped.items():
        context.progress.note(f"{what}: {counted(count, 'rows')} skipped")
    return {"skipped": dict(problems.skipped), "notes": notes}
