"""Vectors that the user brought, into the arrays of the index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from negmine.config.settings import IndexSettings
from negmine.data.arrays import Floats
from negmine.data.sources.vector_files import has_ids
from negmine.engine.progress import Progress
from negmine.models.encoder import Kind, read_as
from negmine.models.norms import Norms
from negmine.retrievers.dense import given
from negmine.retrievers.dense.by_id import ById
from negmine.retrievers.dense.rows import KINDS, Tables, vector_keys, write_rows
from negmine.storage.files import write_array
from negmine.storage.npy import map_npy
from negmine.storage.workdir import Workdir

AT_ONCE = 16_384  # vectors that are hashed together


class Brought:
    """Vectors that the user brought: arrays in row order, or files with ids."""

    def __init__(self, settings: IndexSettings, work: Workdir) -> None:
        self._settings, self._paths = settings, given.paths(settings)
        self._places = work.remote
        self._dims = given.check_widths(settings, self._places)
        self.norms = {kind: Norms(settings.similarity) for kind, _ in KINDS}
        self.stats: dict[str, Any] = {
            "model": "given vectors", "dimensions": self._dims, **given.described(settings, work),
        }  # fmt: skip

    def write(self, path: Path, kind: Kind, tables: Tables, count: int, progress: Progress) -> None:
        """Write the vectors of `count` rows of this kind."""
        if has_ids(self._paths[kind]):
            self._write_by_id(path, kind, tables, progress)
            return
        theirs = read_as(kind, self._settings)
        rows = given.InRows(theirs, self._paths[kind], self.norms[kind], self._places)

        def vectors_of(table: pa.Table) -> Floats:
            progress.advance(table.num_rows)
            return rows.vectors(table)

        write_rows(path, kind, tables, count, self._settings.vector_dtype, vectors_of)

    def _write_by_id(self, path: Path, kind: Kind, tables: Tables, progress: Progress) -> None:
        name = "doc_id" if kind == "document" else "query_id"
        ids = pl.Series(pa.chunked_array([table[name].combine_chunks() for table in tables()]))
        theirs = read_as(kind, self._settings)
        norms = self.norms[kind]
        files = ById(theirs, self._paths[kind], self._settings, norms, self._places)
        self.stats[f"{kind}_vectors"] = files.write(path, ids, self._dims, progress)
        mapped = map_npy(path)
        keys = [
            vector_keys(np.asarray(mapped[start : start + AT_ONCE]))
            for start in range(0, len(mapped), AT_ONCE)
        ]
        write_array(path.with_name(f"{kind}_keys.npy"), np.concatenate(keys))
