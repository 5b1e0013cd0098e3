"""What of the contaminated texts is dropped: for the rule `contaminated`, and for what is written.

`queries`: a query that is contaminated, or has a contaminated positive, with all its rows. `rows`: what is
contaminated itself: queries, positives, candidates.
"""

from __future__ import annotations

from functools import cached_property

import polars as pl

from negmine.config.settings import FilterSettings
from negmine.data.schemas import POSITIVE
from negmine.engine.context import Context
from negmine.stages.filter.contamination.evaluation import DOCUMENT, QUERY
from negmine.storage.layout import CONTAMINATED

QUERIES, ROWS, NOTHING = "queries", "rows", "none"


def drops(rules: FilterSettings) -> bool:
    """Tell whether contaminated texts are dropped."""
    return bool(rules.decontaminate) and rules.drop_contaminated != NOTHING


def dropped_queries(context: Context) -> pl.Series:
    """Return the query_id of every query that is dropped whole; none where nothing is dropped."""
    if not drops(context.config.filter):
        return pl.Series("query_id", dtype=pl.String)
    return Dropped(context).queries


class Dropped:
    """What is dropped of a run; the table `contaminated` is read when it is first needed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._mode = context.config.filter.drop_contaminated

    @cached_property
    def _texts(self) -> dict[str, pl.Series]:
        rows = self._context.work.scan(CONTAMINATED).select("what", "id").unique().collect()
        return {
            what: rows.filter(pl.col("what") == what)["id"].alias(name)
            for what, name in ((QUERY, "query_id"), (DOCUMENT, "doc_id"))
        }

    @cached_property
    def queries(self) -> pl.Series:
        """The query_id of every query that is dropped whole, each once."""
        documents = self._texts[DOCUMENT].to_frame().with_columns(contaminated=True)
        every = self._mode == ROWS  # with --drop-contaminated rows, other positives keep a query
        whole = [self._texts[QUERY]]
        for part in range(self._context.queries.parts()):
            positives = self._context.queries.positives(part).join(
                documents, on="doc_id", how="left", maintain_order="left"
            )
            marks = pl.col("contaminated").fill_null(False)
            by_query = positives.group_by("query_id").agg(marks.all() if every else marks.any())
            whole.append(by_query.filter("contaminated")["query_id"])
        return pl.concat(whole).unique(maintain_order=True)

    def column(self, rows: pl.DataFrame) -> pl.Series:
        """Tell for every row, by query_id and doc_id, whether it is dropped: the column `contaminated`."""
        if not drops(self._context.config.filter):
            return pl.repeat(False, rows.height, eager=True).alias("contaminated")
        is_dropped = pl.col("query_id").is_in(self.queries.implode())
        if self._mode == ROWS:
            is_dropped |= pl.col("doc_id").is_in(self._texts[DOCUMENT].implode())
        return rows.select(contaminated=is_dropped).to_series()

    def written(self, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return verdicts without queries and positives that are dropped; candidates have a reason there."""
        if not drops(self._context.config.filter):
            return verdicts
        left = verdicts.filter(~pl.col("query_id").is_in(self.queries.implode()))
        is_positive = left["label"] == POSITIVE
        return left.filter(~(self.column(left) & is_positive))
