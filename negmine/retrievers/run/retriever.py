"""Search in a finished run: look its rows up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.frames import frame
from negmine.retrievers.base import Hits
from negmine.retrievers.ranking import from_rows
from negmine.retrievers.run.build import ROWS
from negmine.storage.arrays import check_below


class FinishedRun:
    """A run on disk. Implements `Retriever`; `queries` need their source_row, too.

    documents: how many there are.
    """

    def __init__(self, name: str, folder: Path, documents: int) -> None:
        self.name, self._file, self._documents = name, folder / ROWS, documents

    def search(self, queries: pa.Table, k: int) -> Hits:
        """Return the first k documents of every query; none for a query that the run lacks."""
        return from_rows(self._rows(queries), queries.num_rows, k)

    def score_pairs(
        self, queries: pa.Table, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the scores that the run has, whatever the rank; NaN where it lacks the pair."""
        pairs = pl.DataFrame({"row": rows, "doc": docs}, {"row": pl.Int64, "doc": pl.Int64})
        scored = pairs.join(
            self._rows(queries), on=["row", "doc"], how="left", maintain_order="left"
        )
        return scored["score"].fill_null(np.nan).to_numpy().astype(np.float32)

    def _rows(self, queries: pa.Table) -> pl.DataFrame:
        """Return row (place in `queries`), doc, score of these queries, in order."""
        places = frame(queries.select(["source_row"])).select(
            query=pl.col("source_row"), row=pl.int_range(pl.len())
        )
        first, last = places["query"].min(), places["query"].max()
        rows = (
            pl.scan_parquet(self._file)  # row groups are about some queries each: few are read
            .filter(pl.col("query").is_between(pl.lit(first), pl.lit(last)))
            .collect()
            .join(places, on="query", how="inner", maintain_order="left")
        )
        docs = rows["doc"].to_numpy()
        if len(docs):
            check_below(self._file, docs, self._documents)
        return rows.select("row", "doc", "score")
