"""An artifact: one entry of the plan (stages/plan.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.data import schemas
from negmine.data.identity import identity_of
from negmine.engine.context import Context
from negmine.engine.tasks import Work
from negmine.storage.layout import stage_of


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Artifact:
    """A folder of the work directory: what it reads, which settings shape its rows, how it is made.

    schema: of its table; None for an index or the data card, which have files of their own. settings: those
    that shape the rows; may read model files. make: picklable, opens the work that makes it. count: statistics
    of the finished rows. begun: what there is of an unfinished one beside finished parts. uses: settings whose
    files or models `settings` and `begun` read (config/outside.py). check: raises a NegmineError, before any
    work, for what this machine cannot do. quick: it reads the user's files without a model, and finds what is
    wrong with them. Of a stage it is made before what is not; after a mistake in one, only such are made, so
    that all mistakes are told together before anything long begins.
    """

    name: str
    schema: pa.Schema | None
    reads: tuple[str, ...]
    settings: Callable[[], dict[str, Any]]
    make: Callable[[Context], Work]
    count: Callable[[pl.LazyFrame], dict[str, Any]] | None = None
    revision: int = 1
    begun: Callable[[], str] = str
    uses: tuple[str, ...] = ()
    check: Callable[[], None] = _nothing
    quick: bool = False

    @property
    def stage(self) -> str:
        """The stage that it belongs to: `2-retrieve/bm25` belongs to retrieve."""
        return stage_of(self.name)

    def identity(self, settings: dict[str, Any], inputs: dict[str, str]) -> str:
        """Return the identity that these settings and inputs give it."""
        schema = schemas.name_of(self.schema) if self.schema is not None else None
        return identity_of([self.name, schema, settings, inputs, self.revision])
