"""Reuse of an earlier dense run: exact results are kept, and only new documents are searched.

An exact run lists a query's best documents, complete down to its last row. If query and documents still
have the vectors they had, that stays so; only new documents can come between. A query whose list falls
short of k that way (documents are gone, or became positives) is searched in full.

A document or query counts as the same by its id and the hash of its vector, whatever made the vector.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.config.dense import DenseModel
from negmine.data.schemas import SEARCHED
from negmine.engine.context import Context
from negmine.retrievers import runs
from negmine.retrievers.dense import names
from negmine.retrievers.dense.search import Dense
from negmine.storage.parquet import read_part

KEY = ["id", "key", "key_2"]
AT_ONCE = 65_536  # new documents whose vectors are gathered at once


class Earlier:
    """The run on disk, usable if it is exact and `searched` records what it searched."""

    def __init__(self, context: Context, model: DenseModel, dense: Dense) -> None:
        work, index = context.work, context.config.index
        self._work, self._dense, self._doc_ids = work, dense, context.corpus.doc_ids
        self._run, self._searched = names.run(index, model), names.searched(index, model)
        vectors = names.vectors(index, model)
        old, ledger = work.manifest(self._run), work.manifest(self._searched)
        self.usable = (
            old is not None
            and ledger is not None
            and ledger.schema == SEARCHED.metadata[b"negmine.schema"].decode()
            and "index" not in old.settings
            and vectors in old.inputs
            and old.inputs[vectors] == ledger.inputs.get(vectors)
            and work.whole(old)
            and work.whole(ledger)
        )

    @cached_property
    def new(self) -> NDArray[np.int64]:
        """Rows of the vectors that the earlier run has not seen as they are now."""
        return np.flatnonzero(~self._documents["seen"].to_numpy())

    @cached_property
    def _documents(self) -> pl.DataFrame:
        return self._seen("document", self._doc_ids().gather(self._dense.positions))

    @cached_property
    def _gone(self) -> pl.DataFrame:
        """doc_id of what the earlier run has seen and is not there any more, or not with that vector."""
        there = self._documents.lazy().filter("seen")
        rows = self._work.scan(self._searched).filter(pl.col("what") == "document")
        return rows.join(there, on="id", how="anti").select(doc_id="id").collect()

    @cached_property
    def _queries(self) -> pl.DataFrame:
        """query_id and the part of the run that has it, of queries that have the vector they had."""
        files = self._work.part_files(self._run)
        ids = [read_part(file, ["query_id"]).unique() for file in files]
        parts = [rows.with_columns(part=pl.lit(part)) for part, rows in enumerate(ids)]
        seen = self._seen("query", self._dense.query_ids).filter("seen")
        return pl.concat(parts).join(seen, left_on="query_id", right_on="id", how="semi")

    def _seen(self, what: str, ids: pl.Series) -> pl.DataFrame:
        """Return id, seen of all, in order: whether the earlier run has met it with the vector it has now."""
        rows = self._work.scan(self._searched).filter(pl.col("what") == what)
        keys = self._dense.keys(what)
        now = pl.DataFrame({"id": ids, "key": keys[:, 0], "key_2": keys[:, 1]})
        joined = now.lazy().join(rows, on=KEY, how="left", maintain_order="left")
        return joined.select("id", seen=pl.col("what").is_not_null()).collect()

    def hits(self, queries: pl.DataFrame, positives: pl.DataFrame, k: int) -> pl.DataFrame:
        """Return row, query_id, doc_id, score of the queries whose first k hits are sure without a full search.

        queries: those of a part, each with its `row`; positives: query_id, doc_id of theirs.
        """
        old = self._old_rows(queries.select("row", "query_id"))
        last = old.group_by("row").agg(
            last_score=pl.col("score").last(), last_id=pl.col("doc_id").last()
        )
        kept = old.join(self._gone, on="doc_id", how="anti")
        asked = queries.join(last, on="row", how="semi", maintain_order="left")
        fresh = self._among_new(asked, positives, k)
        sure = (pl.col("score") > pl.col("last_score")) | (
            (pl.col("score") == pl.col("last_score")) & (pl.col("doc_id") <= pl.col("last_id"))
        )
        merged = pl.concat([kept, fresh]).join(last, on="row").filter(sure)
        unlabeled = merged.join(positives, on=["query_id", "doc_id"], how="anti")
        enough = unlabeled.group_by("row").len().filter(pl.col("len") >= k).select("row")
        return merged.join(enough, on="row", how="semi").drop("last_score", "last_id")

    def _old_rows(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return row, query_id, doc_id, score of what was found for these queries, in the old order."""
        asked = rows.join(self._queries, on="query_id")
        columns = ["query_id", "doc_id", "score"]
        parts = [
            self._work.read(self._run, part, columns).join(
                asked.filter(pl.col("part") == part).select("row", "query_id"), on="query_id",
                maintain_order="left",
            )
            for part in asked["part"].unique().sort()
        ]  # fmt: skip
        nothing = runs.NO_HITS
        return pl.concat([nothing, *(part.select(nothing.columns) for part in parts)])

    def _among_new(self, queries: pl.DataFrame, positives: pl.DataFrame, k: int) -> pl.DataFrame:
        """Return the best hits among new documents, block by block: more than enough, in no order."""
        if queries.is_empty():
            return runs.NO_HITS
        depths = runs.depths(queries, positives, k)
        asked, depth, ids = queries.to_arrow(), int(depths.max()), self._doc_ids()
        blocks = (self.new[a : a + AT_ONCE] for a in range(0, len(self.new), AT_ONCE))
        every = (self._dense.search_among(asked, block, depth) for block in blocks)
        rows = (
            runs.as_rows(hits, queries["query_id"], ids, depths, queries["row"]) for hits in every
        )
        return pl.concat([runs.NO_HITS, *rows])
