"""Mistakes that are told before anything long begins: columns that are not there; in a dry run also files.

A command that makes all stages would otherwise find them after hours: --instruction-column is read when
training files are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import polars as pl
import pyarrow as pa

from negmine.config.naming import flag
from negmine.config.tables import stage_of_field
from negmine.data import schemas
from negmine.data.sources import Sources, open_sources
from negmine.data.sources.columns import no_column
from negmine.data.sources.problems import Problems
from negmine.data.sources.swapped import in_the_files
from negmine.engine.context import Context
from negmine.errors import InputError, SettingsError
from negmine.retrievers.base import Data
from negmine.retrievers.registry import types
from negmine.storage.given import check_tables
from negmine.storage.layout import CORPUS, QUERIES


class Column(NamedTuple):
    """A setting that names a column: of which table, and what a missing one raises, as it does later."""

    table: str
    error: type[Exception] = InputError


COLUMNS = {
    "language_column": Column(CORPUS),
    "neighbour_column": Column(CORPUS),
    "neighbour_latitude": Column(CORPUS),
    "neighbour_longitude": Column(CORPUS),
    "same_parent": Column(CORPUS),
    "contains_answer": Column(QUERIES),
    "instruction_column": Column(QUERIES, SettingsError),
}
_IDS = {CORPUS: "doc_id", QUERIES: "query_id"}
_SCHEMAS = {CORPUS: schemas.CORPUS, QUERIES: schemas.QUERIES}
_WORDS = {CORPUS: "documents", QUERIES: "queries"}


def check_columns(context: Context) -> None:
    """Raise where a setting names a column that the sources do not have, looking at their first rows.

    What is wrong with the sources themselves is told when they are read in full.
    """
    wanted = {name: one for name in COLUMNS if (one := _column(context, name)) is not None}
    if not wanted:
        return
    check_tables(context.work)
    sources = open_sources(context.config.index, context.work.remote)
    for table in dict.fromkeys(COLUMNS[name].table for name in wanted):
        own = _own_columns(sources, table)
        for name, column in wanted.items():
            if own is None or COLUMNS[name].table != table or _is_there(name, column, own):
                continue
            theirs = in_the_files(_WORDS[table], context.config.index)
            raise COLUMNS[name].error(no_column(flag(name), column, theirs, own))


def _column(context: Context, name: str) -> str | None:
    """Return the column that a setting names, where it is in use."""
    config = context.config
    users = {"language_column": "bm25", "neighbour": "neighbours"}
    retriever = users.get(name) or users.get(name.split("_")[0])
    if retriever is not None and retriever not in config.retriever_names:
        return None
    value: str | None = getattr(getattr(config, stage_of_field(name)), name)
    return value


def _is_there(name: str, column: str, own: list[str]) -> bool:
    """Tell whether a column is one of the source's own or, unless it is of languages, one of negmine's."""
    fixed = [] if name == "language_column" else _SCHEMAS[COLUMNS[name].table].names
    return column in own or column in fixed


def _own_columns(sources: Sources, table: str) -> list[str] | None:
    """Return the columns of a source that are its own; None where its first rows cannot be read."""
    with suppress(InputError):
        first = next(_tables(sources, table), None)
        if first is not None:
            return [name for name in first.column_names if name not in _SCHEMAS[table].names]
    return None


def _tables(sources: Sources, table: str) -> Iterator[pa.Table]:
    read = sources.corpus if table == CORPUS else sources.queries
    return read(Problems(skip=True))


def check_files(context: Context, documents: int, queries: int, is_indexed: bool) -> None:
    """Raise InputError for files beside the data that do not fit it: a run with other ids, vectors.

    documents, queries: how many rows the sources have. is_indexed: the tables of stage 1 are those of these
    sources; otherwise the sources are read.
    """
    ids = partial(_indexed_ids if is_indexed else _ids, context)
    data = Data(documents, queries, partial(ids, CORPUS), partial(ids, QUERIES))
    for kind in types(context.config):
        if kind.check_data is not None:
            kind.check_data(context, data)


def _indexed_ids(context: Context, table: str) -> pl.Series:
    return context.work.scan(table).select(_IDS[table]).collect().to_series()


def _ids(context: Context, table: str) -> pl.Series:
    sources = open_sources(context.config.index, context.work.remote)
    pieces = [
        pl.Series(rows[_IDS[table]].combine_chunks().cast(pa.large_string()))
        for rows in _tables(sources, table)
    ]
    return pl.concat(pieces) if pieces else pl.Series(dtype=pl.String)
