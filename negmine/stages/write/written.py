"""The verdicts as far as they are written: without what is contaminated, and without suspected positives."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from negmine.engine.context import Context
from negmine.stages.filter.contamination.dropped import Dropped
from negmine.stages.filter.suspects.tasks import Suspected
from negmine.storage.layout import VERDICTS


class Written:
    """Reads `verdicts` part by part; what is left out is read when it is first needed."""

    def __init__(self, context: Context) -> None:
        self._work, self._count = context.work, context.queries.parts()
        self._contaminated, self._suspected = Dropped(context), Suspected(context)

    def part(self, number: int) -> pl.DataFrame:
        """Return the rows of a part."""
        rows = self._contaminated.written(self._work.read(VERDICTS, number))
        return self._suspected.left(number, rows)

    def parts(self) -> Iterator[pl.DataFrame]:
        """Yield the rows of every part."""
        return map(self.part, range(self._count))
