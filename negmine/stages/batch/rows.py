"""A training file as numbers: the query of each row, its documents, and what may be relevant to which query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.engine.context import Context
from negmine.stages.batch.copies import groups_of
from negmine.stages.batch.evidence import relevant
from negmine.stages.batch.fill import Ints, Numbers, Rows

IDS = ["query_id", "positive_id", "negative_id"]
AT_ONCE = 1 << 20  # pairs of query and document whose numbers are looked up at once


@dataclass(frozen=True)
class TrainingRows:
    """The rows of a training file, and what their numbers stand for.

    query_ids: by number of the query. doc_ids: of every document in a row, sorted; groups: int32 [doc_ids], its
    group of copies. positives: int32 [rows], places in doc_ids, -1 where a row has none.
    """

    rows: Rows
    query_ids: pl.Series
    doc_ids: pl.Series
    groups: Numbers
    positives: Numbers


def training_rows(context: Context, provenance: str, near_copy: float) -> TrainingRows:
    """Read the rows of a provenance (an artifact), and everything that is known about their documents."""
    queries, docs, lengths, positives = _ids(context, provenance)
    query_ids = queries.unique(maintain_order=True)
    doc_ids = docs.drop_nulls().unique().sort()
    numbers, places = _numbers(queries, query_ids), _numbers(docs, doc_ids)
    groups = groups_of(context, doc_ids, near_copy)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    empty = np.zeros(len(query_ids) + 1, np.int64)
    count = int(groups.max(initial=-1)) + 1
    rows = Rows(numbers, offsets, groups[places], empty, np.empty(0, np.int32), max(count, 1))
    made = TrainingRows(rows, query_ids, doc_ids, groups, _numbers(positives, doc_ids))
    bad_offsets, bad = _bad(context, made)
    return replace(made, rows=replace(rows, bad_offsets=bad_offsets, bad=bad))


def _ids(
    context: Context, provenance: str
) -> tuple[pl.Series, pl.Series, NDArray[np.int64], pl.Series]:
    """Return query_id of each row, doc_id of all documents, how many each row has, and its positive."""
    queries, docs, lengths, positives = [], [], [], []
    for part in context.work.parts(provenance, IDS):
        lists = part.select("query_id", "positive_id", both=_documents(part)).with_columns(
            pl.col("both").list.drop_nulls()
        )
        queries.append(lists["query_id"])
        positives.append(_first(part["positive_id"]))
        lengths.append(lists["both"].list.len().to_numpy().astype(np.int64))
        docs.append(lists["both"].explode(empty_as_null=False))
    none = pl.Series(dtype=pl.String)
    return (
        pl.concat([none, *queries]), pl.concat([none, *docs]),
        np.concatenate([np.empty(0, np.int64), *lengths]), pl.concat([none, *positives]),
    )  # fmt: skip


def _documents(part: pl.DataFrame) -> pl.Expr:
    """Return the documents of each row, positives first; a format may have one of each, or lists."""
    kinds = {name: isinstance(part.schema[name], pl.List) for name in IDS[1:]}
    lists = [pl.col(name) if is_list else pl.concat_list(name) for name, is_list in kinds.items()]
    return pl.concat_list(*(one.fill_null([]) for one in lists))


def _first(positives: pl.Series) -> pl.Series:
    return positives.list.first() if isinstance(positives.dtype, pl.List) else positives


def _numbers(ids: pl.Series, among: pl.Series) -> Numbers:
    """Return the place of each id, int32; -1 for one that is not among them."""
    numbered = among.alias("id").to_frame().with_row_index("place")
    joined = ids.alias("id").to_frame().join(numbered, on="id", how="left", maintain_order="left")
    return joined["place"].cast(pl.Int32).fill_null(-1).to_numpy()


def _bad(context: Context, training: TrainingRows) -> tuple[Ints, Numbers]:
    """Return the groups of documents that may be relevant to each query: where they begin, and the groups."""
    rows = training.rows
    own = training.positives >= 0
    keys = [_keys(rows, rows.query[own], training.groups[training.positives[own]])]
    for pairs in _together(relevant(context)):
        query = _numbers(pairs["query_id"], training.query_ids)
        place = _numbers(pairs["doc_id"], training.doc_ids)
        known = (query >= 0) & (place >= 0)
        keys.append(_keys(rows, query[known], training.groups[place[known]]))
    query, groups = np.divmod(np.unique(np.concatenate(keys)), rows.groups)
    return np.searchsorted(query, np.arange(len(training.query_ids) + 1)), groups.astype(np.int32)


def _together(pieces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield the pieces in larger ones: to number the ids of one pair costs as much as of a million."""
    waiting: list[pl.DataFrame] = []
    for piece in pieces:
        waiting.append(piece)
        if sum(one.height for one in waiting) >= AT_ONCE:
            yield pl.concat(waiting)
            waiting = []
    if waiting:
        yield pl.concat(waiting)


def _keys(rows: Rows, query: Numbers, groups: Numbers) -> Ints:
    """Return one number for each pair of query and group, sorted, each once."""
    return np.unique(query.astype(np.int64) * rows.groups + groups)
