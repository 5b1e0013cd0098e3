"""Task of `suspects`, and what of it is dropped from what is written."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.data.schemas import POSITIVE
from negmine.engine.context import Context
from negmine.engine.tasks import Parts, once
from negmine.stages.filter.suspects import compute
from negmine.storage.layout import SUSPECTS, VERDICTS

SETTINGS = ("suspect_share", "suspect_deviations")


def wanted(context: Context) -> bool:
    """Tell whether positives are tested."""
    rules = context.config.filter
    return any(getattr(rules, name) is not None for name in SETTINGS)


def suspects(context: Context) -> Parts:
    """Every known positive, and whether it is suspected."""
    rules, names = context.config.filter, context.config.evidence
    middles = once(lambda: _middles(context, names))

    def make(part: int) -> pa.Table:
        rows = context.work.read(VERDICTS, part)
        return compute.suspects(
            rows, names, middles(), rules.suspect_share, rules.suspect_deviations
        )

    return Parts(context.queries.parts(), make, threads=True)


def _middles(context: Context, names: list[str]) -> dict[str, compute.Middle]:
    """Return by score the middle of all known positives; one score is in memory at a time."""
    rows = context.work.scan(VERDICTS).filter(pl.col("label") == POSITIVE)
    columns = {name: rows.select(f"{name}_score") for name in names}
    return {name: compute.middle(one.collect().to_series()) for name, one in columns.items()}


class Suspected:
    """The positives that are not written: none, where `--drop-positives` is none."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._drops = context.config.write.drop_positives == "suspected"

    def left(self, part: int, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return rows of a part of `verdicts` without suspected positives.

        A query without another positive goes whole: it shall not take documents that `--max-reuse` rations.
        With `--relabel` it stays, since the judge may have found one.
        """
        if not self._drops:
            return verdicts
        columns = ["query_id", "doc_id", "suspected"]
        rows = self._context.work.read(SUSPECTS, part, columns)
        gone = rows.filter("suspected").with_columns(label=pl.lit(POSITIVE))
        left = verdicts.join(
            gone, on=["query_id", "doc_id", "label"], how="anti", maintain_order="left"
        )
        if self._context.config.write.relabel:
            return left
        return left.filter((pl.col("label") == POSITIVE).any().over("query_id"))
