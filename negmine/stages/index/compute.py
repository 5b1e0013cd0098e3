"""Stage 1, index: the user's rows become `corpus`, `queries` and `qrels`.

Documents with the same normalised text are one document: the first keeps its place, the others point
to it with `same_as`. A document without a title is also one with an earlier document that has its text
below a title, as a pair's positive often is with one of the corpus. Queries likewise. `qrels` speaks
of the first ones only, so a copy of a positive is a positive, and queries with the same text pool
their positives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.settings import IndexSettings
from negmine.data.first_places import FirstPlaces, Keys, from_bytes
from negmine.data.frames import frame, table
from negmine.data.schemas import CORPUS, QRELS, QUERIES
from negmine.data.texts import rendered, text_keys


class Copies:
    """Who was first with each text, and with each text under a title, over all chunks seen so far.

    rows, copies: how many there were. It holds 24 bytes for each text, as many for each text under a title, and
    all ids.
    """

    def __init__(self) -> None:
        self.rows = self.copies = 0
        self._first, self._titled = FirstPlaces(), FirstPlaces()
        self._ids: list[pa.LargeStringArray] = []
        self._starts = [0]

    def mark(self, rows: pl.DataFrame, id_column: str) -> pl.DataFrame:
        """Add `same_as`: the id of the first row with the same text, null for the first.

        rows: text_key, the id, and of documents body_key.
        """
        numbers = np.arange(self.rows, self.rows + rows.height)
        keys = from_bytes(rows["text_key"])
        earlier = self._first.of(keys)
        places = rows.select("text_key").with_row_index("place")
        in_chunk = places.select(pl.col("place").first().over("text_key"))["place"].to_numpy()
        is_new = (earlier < 0) & (in_chunk == np.arange(rows.height))
        first = numbers.copy()
        if "body_key" in rows.columns:
            self._without_titles(rows, keys, is_new, first)
        self._first.add(keys[is_new], first[is_new])
        first = np.where(earlier < 0, first[in_chunk], earlier)
        self._remember(rows[id_column])
        is_copy = first != numbers
        self.copies += int(is_copy.sum())
        same_as = pl.Series("same_as", [None], dtype=pl.String).new_from_index(0, rows.height)
        if is_copy.any():
            same_as = same_as.scatter(np.flatnonzero(is_copy), self._ids_of(first[is_copy]))
        return rows.with_columns(same_as)

    def _without_titles(
        self, rows: pl.DataFrame, keys: Keys, is_new: NDArray[np.bool_], first: NDArray[np.int64]
    ) -> None:
        """Let an earlier document stand for one without a title that is its text below the title."""
        bodies = from_bytes(rows["body_key"])
        has_title = (bodies != keys).any(axis=1)
        owners = np.flatnonzero(is_new & has_title)
        owners = owners[np.sort(np.unique(bodies[owners], axis=0, return_index=True)[1])]
        owners = owners[self._titled.of(bodies[owners]) < 0]
        self._titled.add(bodies[owners], first[owners])
        others = np.flatnonzero(is_new & ~has_title)
        owner = self._titled.of(keys[others])
        is_owned = (owner >= 0) & (owner < first[others])
        first[others[is_owned]] = owner[is_owned]

    def _remember(self, ids: pl.Series) -> None:
        self._ids.append(ids.cast(pl.String).to_arrow(compat_level=pl.CompatLevel.oldest()))
        self.rows += len(ids)
        self._starts.append(self.rows)

    def _ids_of(self, numbers: NDArray[np.int64]) -> pl.Series:
        """Return the ids of rows."""
        chunks = np.searchsorted(self._starts, numbers, side="right") - 1
        ids = [
            self._ids[chunk][number - self._starts[chunk]].as_py()
            for chunk, number in zip(chunks.tolist(), numbers.tolist(), strict=True)
        ]
        return pl.Series(ids, dtype=pl.String)


def corpus(
    chunks: Iterable[pa.Table], settings: IndexSettings, copies: Copies
) -> Iterator[pa.Table]:
    """Yield `corpus` tables for chunks of doc_id, title, text, source_row and the source's own columns."""
    for chunk in chunks:
        rows = frame(chunk)
        texts = rows.select(rendered(settings.title, settings.title_separator)).to_series()
        bodies = pl.select(
            pl.when(rows["text"].str.strip_chars() == "").then(texts).otherwise(rows["text"])
        ).to_series()
        keyed = rows.with_columns(
            pl.Series("text_key", text_keys(texts)), pl.Series("body_key", text_keys(bodies))
        )
        marked = copies.mark(keyed.select("text_key", "body_key", "doc_id"), "doc_id")
        yield table(keyed.with_columns(marked["same_as"]), CORPUS, extras=True)


def queries(chunks: Iterable[pa.Table], copies: Copies) -> Iterator[pa.Table]:
    """Yield `queries` tables for chunks of query_id, text, source_row and the source's own columns."""
    for chunk in chunks:
        rows = frame(chunk)
        keyed = rows.with_columns(pl.Series("text_key", text_keys(rows["text"])))
        marked = copies.mark(keyed.select("text_key", "query_id"), "query_id")
        yield table(keyed.with_columns(marked["same_as"]), QUERIES, extras=True)


def dangling(rows: pl.DataFrame, ids: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the rows of qrels whose `column` names no row of `ids`."""
    return rows.join(ids, on=column, how="anti", maintain_order="left")


def qrels(rows: pl.DataFrame, corpus_ids: pl.DataFrame, query_ids: pl.DataFrame) -> pl.DataFrame:
    """Return qrels in terms of first copies, in query order; the highest relevance of a pair wins.

    `rows`: query_id, doc_id, relevance; `corpus_ids`: doc_id, same_as; `query_ids`: query_id, same_as,
    in source order. The result also has `query_row`, the row of the query in `query_ids`.
    """
    docs = corpus_ids.select("doc_id", first_doc=pl.coalesce("same_as", "doc_id"))
    numbered = query_ids.with_row_index("query_row")
    first = numbered.select("query_id", first_query=pl.coalesce("same_as", "query_id"))
    order = numbered.select(
        pl.col("query_id").alias("first_query"), pl.col("query_row").cast(pl.Int64)
    )
    return (
        rows.join(docs, on="doc_id", how="inner", maintain_order="left")
        .join(first, on="query_id", how="inner", maintain_order="left")
        .group_by("first_query", "first_doc", maintain_order=True)
        .agg(pl.col("relevance").max())
        .join(order, on="first_query", how="inner", maintain_order="left")
        .sort("query_row", "first_doc")
        .select(
            pl.col("first_query").alias("query_id"),
            pl.col("first_doc").alias("doc_id"),
            "relevance",
            "query_row",
        )
    )


def with_labels(merged: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Return qrels with labels in place of what they said of the same pairs. Both as `qrels` returns them."""
    others = merged.join(labels, on=["query_id", "doc_id"], how="anti", maintain_order="left")
    return pl.concat([others, labels]).sort("query_row", "doc_id")


def qrels_parts(merged: pl.DataFrame, part_rows: Iterable[int]) -> Iterator[pa.Table]:
    """Cut merged qrels so that part i speaks of the queries in part i of `queries`."""
    start = 0
    for rows in part_rows:
        inside = pl.col("query_row").is_between(start, start + rows, closed="left")
        yield table(merged.filter(inside), QRELS)
        start += rows
