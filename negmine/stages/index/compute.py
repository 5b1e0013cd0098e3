"""Stage 1, index: the user's rows become `corpus`, `queries` and `qrels`.

Documents with the same normalised text are one document: the first keeps its place, the others point
to it with `same_as`. A document without a title is also one with an earlier document that has its text
below a title, as a pair's positive often is with one of the corpus. Queries likewise. `qrels` speaks
of the first ones only, so a copy of a positive is a positive, and queries with the same text pool
their positives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from negmine.config.settings import IndexSettings
from negmine.data.frames import frame, table
from negmine.data.schemas import CORPUS, QRELS, QUERIES
from negmine.data.texts import rendered, text_keys


@dataclass
class Copies:
    """Who was first with each text, and with each text under a title, over all chunks seen so far."""

    first: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"text_key": pl.Binary, "first_id": pl.String})
    )
    titled: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            schema={"text_key": pl.Binary, "owner": pl.String, "owner_row": pl.Int64}
        )
    )
    rows: int = 0
    copies: int = 0

    def mark(self, rows: pl.DataFrame, id_column: str) -> pl.DataFrame:
        """Add `same_as`: the id of the first row with the same text, null for the first.

        rows: text_key, the id, and of documents body_key.
        """
        numbered = rows.rename({id_column: "first_id"}).with_row_index("row", self.rows)
        self.rows += rows.height
        new = numbered.unique("text_key", keep="first", maintain_order=True).join(
            self.first, on="text_key", how="anti", maintain_order="left"
        )
        if "body_key" in rows.columns:
            new = self._without_titles(new)
        self.first = pl.concat([self.first, new.select("text_key", "first_id")])
        marked = rows.join(self.first, on="text_key", how="left", maintain_order="left")
        same_as = pl.when(pl.col("first_id") != pl.col(id_column)).then("first_id").alias("same_as")
        marked = marked.with_columns(same_as).drop("first_id")
        self.copies += marked["same_as"].count()
        return marked

    def _without_titles(self, new: pl.DataFrame) -> pl.DataFrame:
        """Let an earlier document stand for one without a title that is its text below the title."""
        has_title = pl.col("body_key") != pl.col("text_key")
        owners = new.filter(has_title).select(
            pl.col("body_key").alias("text_key"),
            pl.col("first_id").alias("owner"),
            pl.col("row").cast(pl.Int64).alias("owner_row"),
        )
        self.titled = pl.concat([self.titled, owners]).unique(
            "text_key", keep="first", maintain_order=True
        )
        matched = new.join(self.titled, on="text_key", how="left", maintain_order="left")
        is_owned = ~has_title & (pl.col("owner_row") < pl.col("row"))
        return matched.with_columns(first_id=pl.when(is_owned).then("owner").otherwise("first_id"))


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
