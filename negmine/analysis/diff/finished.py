"""One of the runs that `diff` compares: its verdicts, and what they were made with."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import polars as pl

from negmine.analysis.diff import setup
from negmine.analysis.diff.pairs import side
from negmine.config.sampling import idle_settings
from negmine.engine.context import Context
from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.selecting import final_selection, selection_of
from negmine.storage.layout import LIMITS, QUERIES, REUSE, VERDICTS
from negmine.storage.parquet import read_part


class Run:
    """One of the two runs: its context, and the manifests of what its verdicts rest on."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.made = setup.made_from(context.work)
        self.files = context.work.part_files(VERDICTS)
        columns = pl.scan_parquet(self.files[0], glob=False).collect_schema()
        scores = [name for name in columns if name.endswith("_score") and name != "positive_score"]
        self.scorers = [name.removesuffix("_score") for name in scores]
        self.score = str(self.made[VERDICTS].settings["score"])
        others = ("query_id", "doc_id", "label", "rank", "positive_score", "kept", "reason")
        ranks = [name for name in columns if name.endswith("_rank")]
        self._columns = [*others, *ranks, *scores]

    @property
    def sums(self) -> list[str]:
        """The retrievers whose scores are sums of a weight per word."""
        return [one.name for one in self.context.config.retrievers if one.score_kind == "sum"]

    @cached_property
    def queries(self) -> pl.DataFrame:
        """Every query with the part of `verdicts` that it lies in: query_id, part."""
        parts = [
            read_part(file, ["query_id"]).unique().with_columns(part=pl.lit(number))
            for number, file in enumerate(self.files)
        ]
        return pl.concat(parts)

    def rows(self, queries: pl.DataFrame) -> pl.DataFrame:
        """Return some queries' rows of `verdicts`, as one run sees them (pairs.side)."""
        numbers = queries["part"].unique().sort() if len(queries) else [0]
        parts = [
            read_part(self.files[number], self._columns).join(
                queries, on="query_id", how="semi", maintain_order="left"
            )
            for number in numbers
        ]
        return side(pl.concat(parts), self._selection)

    @cached_property
    def _selection(self) -> Selection:
        """How `write` selects negatives; a limit of reuse counts where `write` was run with it."""
        context = self.context
        has_limit = context.work.manifest(REUSE) is not None
        selection = final_selection(context) if has_limit else selection_of(context)
        return replace(selection, score=self.score)

    @property
    def written(self) -> dict[str, Any]:
        """The settings that say which survivors are taken."""
        write = self.context.config.write
        return write.model_dump(mode="json", exclude=set(idle_settings(write)))

    @property
    def limits(self) -> dict[str, Any]:
        """The limits that depend on the data, by name."""
        if LIMITS not in self.made:
            return {}
        return dict(self.context.work.scan(LIMITS).collect().iter_rows())

    def texts(self, query_ids: pl.Series) -> dict[str, str]:
        """Return the texts of some queries, of those that the run has."""
        if QUERIES not in self.made:
            return {}
        rows = self.context.work.scan(QUERIES).select("query_id", "text")
        some = rows.filter(pl.col("query_id").is_in(query_ids.implode()))
        return dict(some.collect(engine="streaming").iter_rows())

    def summary(self) -> dict[str, Any]:
        """Return where the run lies, when it was made, and how much is in it."""
        verdicts = self.made[VERDICTS]
        return {
            "work": self.context.work.name,
            "made_at": verdicts.made_at,
            "score": self.score,
            "queries": self.queries.height,
            "rows": verdicts.rows,
            "kept": verdicts.stats.get("kept"),
        }
