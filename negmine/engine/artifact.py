"""An artifact: one row of the floor plan (pipeline.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.data import schemas
from negmine.data.identity import identity_of
from negmine.engine.tasks import Work


@dataclass(frozen=True)
class Artifact:
    """One row of the floor plan."""

    name: str
    schema: pa.Schema | None  # None: an index or the data card, with files of its own
    reads: tuple[str, ...]
    settings: Callable[[], dict[str, Any]]  # those that shape the rows; may read model files
    make: Callable[[], Work]
    count: Callable[[pl.LazyFrame], dict[str, Any]] | None = None  # stats of the finished rows
    revision: int = 1
    begun: Callable[[], str] = str  # what is there of an unfinished one, beside finished parts

    @property
    def room(self) -> str:
        """The room it lies in: `2-retrieve/bm25` is of room retrieve."""
        return self.name.split("/")[0].split("-", 1)[1]

    def identity(self, settings: dict[str, Any], inputs: dict[str, str]) -> str:
        """Return the identity that these settings and inputs give it."""
        schema = schemas.name_of(self.schema) if self.schema is not None else None
        return identity_of([self.name, schema, settings, inputs, self.revision])
