"""Reading `queries` and `qrels`, part by part: part i of every later table is about part i of them."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pyarrow as pa

from negmine.config.settings import IndexSettings
from negmine.data.qrels import mined_queries, positives
from negmine.storage.layout import QRELS, QUERIES
from negmine.storage.workdir import Workdir


class Queries:
    """The queries that are mined (those with a positive), and their positives."""

    def __init__(self, work: Workdir, settings: IndexSettings) -> None:
        self._work, self._min_relevance = work, settings.min_relevance

    def parts(self) -> int:
        """Return how many parts there are."""
        return len(self._work.require(QUERIES).parts)

    def qrels(self, part: int) -> pl.DataFrame:
        """Return a part of qrels: query_id, doc_id, relevance."""
        return self._work.read(QRELS, part)

    def mined(self, part: int) -> pl.DataFrame:
        """Return the mined queries of a part, in order: query_id, text, source_row, own columns."""
        rows = self._work.read(QUERIES, part)
        return mined_queries(rows, self.qrels(part), self._min_relevance)

    def positives(self, part: int) -> pl.DataFrame:
        """Return query_id, doc_id of the positives of a part."""
        return positives(self.qrels(part), self._min_relevance)

    def all_positives(self) -> pl.DataFrame:
        """Return query_id, doc_id of all positives."""
        return pl.concat([self.positives(part) for part in range(self.parts())])

    def tables(self) -> Iterator[pa.Table]:
        """Yield query_id, text, source_row of all mined queries."""
        for part in range(self.parts()):
            yield self.mined(part).select("query_id", "text", "source_row").to_arrow()

    def texts(self, query_ids: pl.Series) -> dict[str, str]:
        """Return the texts of some queries by query_id."""
        wanted = query_ids.unique().to_frame("query_id").lazy()
        rows = self._work.scan(QUERIES).select("query_id", "text")
        return dict(rows.join(wanted, on="query_id", how="semi").collect().iter_rows())
