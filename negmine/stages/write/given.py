"""What the parts of training files and provenance are made with, opened once."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from negmine.engine.context import Context
from negmine.engine.tasks import once
from negmine.stages.filter.tasks import Keys
from negmine.stages.write.passes import needs_scales
from negmine.stages.write.positives import IS_POSITIVE
from negmine.stages.write.random_documents import random_documents
from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.scales import NO_SCALES, Scales, from_rows
from negmine.stages.write.selecting import final_selection
from negmine.stages.write.written import Written
from negmine.storage.layout import QUERIES, SCALES


class Given:
    """The selection of a run, its scales, and its random documents; each is opened when it is first needed."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._selection: Callable[[], Selection] = once(lambda: final_selection(context))
        self._scales: Callable[[], Scales] = once(self._read_scales)
        self._keys = once(lambda: Keys(context).corpus)
        self._written = Written(context)

    def verdicts(self, part: int) -> pl.DataFrame:
        """Return a part of `verdicts`, without queries and positives that are contaminated or suspected."""
        return self._written.part(part)

    @property
    def selection(self) -> Selection:
        """How negatives are selected, the limit of reuse among it."""
        return self._selection()

    @property
    def scales(self) -> Scales:
        """What weights and levels are measured by."""
        return self._scales()

    def _read_scales(self) -> Scales:
        if not needs_scales(self.context.config.write):
            return NO_SCALES
        return from_rows(self.context.work.scan(SCALES).collect())

    def random_documents(self, part: int, verdicts: pl.DataFrame) -> pl.DataFrame | None:
        """Return query_id, negative_id of the random negatives of a part, if there are any.

        Neither a candidate of the query is taken, nor what people judged relevant, nor a copy of a positive.
        """
        write = self.context.config.write
        if not write.random_negatives:
            return None
        queries = self.context.work.read(QUERIES, part, ["query_id", "source_row"])
        mined = verdicts.select("query_id").unique(maintain_order=True)
        groups = mined.join(queries, on="query_id", how="left", maintain_order="left").select(
            "query_id", group=pl.col("source_row") // write.random_shared
        )
        pair = ["query_id", "doc_id"]
        judged = self.context.queries.qrels(part).filter(pl.col("relevance") > 0)
        return random_documents(
            groups,
            pl.concat([verdicts.select(pair), judged.select(pair)]),
            verdicts.filter(IS_POSITIVE).select(pair),
            self._keys(),
            self.context.corpus.doc_ids(),
            write.random_negatives,
            write.seed,
        )
