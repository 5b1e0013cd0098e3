"""Task of `suspects`, and what of it is dropped from what is written."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa

from negmine.config.settings.filter import SUSPECT_TESTS
from negmine.data.schemas import POSITIVE
from negmine.engine.context import Context
from negmine.engine.tasks import Parts, once
from negmine.retrievers.registry import open_vectors
from negmine.scorers import registry
from negmine.stages.filter.neighbours import Neighbours
from negmine.stages.filter.relabelled import IS_RELABELLED
from negmine.stages.filter.suspects import compute
from negmine.stages.filter.suspects.references import of_verdicts
from negmine.storage.layout import SUSPECTS, TESTED, VERDICTS


def wanted(context: Context) -> bool:
    """Tell whether positives are tested."""
    return bool(context.config.filter.suspects)


def shaping(context: Context) -> dict[str, Any]:
    """Return what shapes the tests' answers."""
    rules = context.config.filter
    shapes = {name: getattr(rules, name) for name in SUSPECT_TESTS}
    if rules.suspect_neighbours is not None:
        shapes["suspect_reference"] = rules.suspect_reference
    return shapes


def tested(context: Context) -> Parts:
    """Every known positive, and whether a test suspects it."""
    rules, names = context.config.filter, context.config.evidence
    middles = once(lambda: _middles(context, names))
    neighbours = once(lambda: _neighbours(context))

    def make(part: int) -> pa.Table:
        rows, near = context.work.read(VERDICTS, part), neighbours()
        return compute.suspects(
            rows,
            names,
            middles(),
            rules.suspect_share,
            rules.suspect_deviations,
            None if near is None else near.margins,
        )

    return Parts(context.queries.parts(), make)


def cleared(context: Context) -> Parts:
    """Every known positive, with what the judge says of those that a test suspects."""
    judgments = str(registry.judge_suspects(context.config))

    def make(part: int) -> pa.Table:
        verdicts = context.work.read(judgments, part, ["query_id", "doc_id", "judge_verdict"])
        return compute.cleared(context.work.read(TESTED, part), verdicts)

    return Parts(context.queries.parts(), make, threads=True)


def _neighbours(context: Context) -> Neighbours | None:
    """Open the nearest pairs, where they are asked; say so where they know too little to suspect anything."""
    rules = context.config.filter
    count = rules.suspect_neighbours
    if count is None:
        return None
    references = of_verdicts(context, rules.suspect_reference == "judged")
    near = Neighbours(context, open_vectors(context), references, count)
    near.note_if_silent("--suspect-neighbours", rules.suspect_reference)
    return near


def _middles(context: Context, names: list[str]) -> dict[str, compute.Middle]:
    """Return by score the middle of all known positives; one score is in memory at a time."""
    rows = context.work.scan(VERDICTS).filter(pl.col("label") == POSITIVE)
    columns = {name: rows.select(f"{name}_score") for name in names}
    return {name: compute.middle(one.collect().to_series()) for name, one in columns.items()}


def queries_dropped(context: Context) -> int:
    """Return how many queries are not written, since all of their positives are suspected."""
    write, work = context.config.write, context.work
    if write.drop_positives != "suspected":
        return 0
    if not write.relabel:
        return int(work.require(SUSPECTS).stats["queries_suspected"])
    whole = work.scan(SUSPECTS).group_by("query_id").agg(pl.col("suspected").all())
    found = work.scan(VERDICTS).filter(IS_RELABELLED).select("query_id")
    gone = whole.filter("suspected").join(found, on="query_id", how="anti")
    return int(gone.select(pl.len()).collect(engine="streaming").item())


class Suspected:
    """The positives that are not written: none, where `--drop-positives` is none."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._drops = context.config.write.drop_positives == "suspected"

    def left(self, part: int, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return rows of a part of `verdicts` without suspected positives.

        A query without another positive goes whole: it shall not take documents that `--max-reuse` rations.
        With `--relabel`, what becomes a positive counts, too.
        """
        if not self._drops:
            return verdicts
        columns = ["query_id", "doc_id", "suspected"]
        rows = self._context.work.read(SUSPECTS, part, columns)
        gone = rows.filter("suspected").with_columns(label=pl.lit(POSITIVE))
        left = verdicts.join(
            gone, on=["query_id", "doc_id", "label"], how="anti", maintain_order="left"
        )
        is_relevant = pl.col("label") == POSITIVE
        if self._context.config.write.relabel:
            is_relevant |= IS_RELABELLED
        return left.filter(is_relevant.any().over("query_id"))
