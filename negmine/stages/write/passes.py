"""Tasks that read all verdicts once, before the files are written part by part: limits of reuse, scales."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data import schemas
from negmine.data.frames import table
from negmine.engine.context import Context
from negmine.engine.tasks import Stream
from negmine.stages.write import scales as scaling
from negmine.stages.write.reuse import fit, matched
from negmine.stages.write.selecting import final_selection, selection_of
from negmine.stages.write.selection import selected
from negmine.stages.write.written import Written


def needs_scales(write: WriteSettings) -> bool:
    """Tell whether provenance has a column that is measured by the whole run."""
    return write.level or write.weight == "propensity"


def reuse(context: Context) -> Stream:
    """The worst fit that a document still takes, of each that too many queries would have."""
    selection, verdicts = selection_of(context), Written(context)
    stats: dict[str, Any] = {}

    def demands(cutoffs: pl.DataFrame) -> Iterator[pl.DataFrame]:
        limited = selection.with_cutoffs(cutoffs)
        for rows in verdicts.parts():
            yield fit(selected(rows, limited), selection.score)

    def tables() -> Iterator[pa.Table]:
        most = context.config.write.max_reuse
        assert most is not None
        result = matched(demands, most)
        stats.update(documents_limited=result.cutoffs.height, rounds=result.rounds)
        yield table(result.cutoffs, schemas.REUSE)

    return Stream(tables(), lambda: stats)


def scales(context: Context) -> Stream:
    """What weights and levels are measured by."""
    write, selection = context.config.write, final_selection(context)
    verdicts = Written(context)

    def tables() -> Iterator[pa.Table]:
        margins, judged = [], []
        for rows in verdicts.parts():
            if write.level:
                chosen = selected(rows, selection).select(selection.margin.cast(pl.Float32))
                margins.append(chosen.to_series())
            if write.weight == "propensity":
                judged.append(scaling.judged_by_rank(rows, selection.retrievers))
        result = scaling.Scales(
            scaling.level_limits(pl.concat(margins)) if margins else None,
            scaling.propensities(pl.concat(judged)) if judged else None,
        )
        yield table(scaling.to_rows(result), schemas.SCALES)

    return Stream(tables())
