"""The documents that training files can have: those of the corpus, and behind them what a model wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.settings import IndexSettings
from negmine.storage.corpus import Corpus
from negmine.storage.layout import CORPUS, GENERATED
from negmine.storage.open import open_workdir
from negmine.storage.workdir import Workdir


class WithGenerated(Corpus):
    """A corpus in which written documents have positions, too: behind all others. No index knows these."""

    def __init__(self, work: Workdir, title: bool, title_separator: str) -> None:
        super().__init__(work, title, title_separator, generated=True)
        self._written = cache(self._count_written)

    def __len__(self) -> int:
        """Return the number of documents that have positions, written ones among them."""
        return super().__len__() + self._written()

    def documents(
        self, positions: NDArray[np.int64] | None = None, columns: Sequence[str] = ()
    ) -> Iterator[pa.Table]:
        """Yield doc_id, text, source_row, in order (see Corpus); a written document has no source_row."""
        indexed = super().__len__()
        own = None if positions is None else positions[positions < indexed]
        yield from super().documents(own, columns)
        start = indexed
        for part in self._work.parts(GENERATED, ["doc_id", "text"]):
            rows = part.drop_nulls("doc_id")
            stop = start + rows.height
            if positions is not None:
                first, last = np.searchsorted(positions, [start, stop])
                rows = rows[positions[first:last] - start]
            start = stop
            source_row = pl.lit(None, pl.Int64).alias("source_row")
            others = [pl.lit(None).alias(name) for name in columns]
            yield rows.select("doc_id", "text", source_row, *others).to_arrow()

    def _count_written(self) -> int:
        written = self._work.scan(GENERATED).select(pl.col("doc_id").count())
        return int(written.collect().item())

    def _ids(self) -> pl.LazyFrame:
        written = self._work.scan(GENERATED).select("doc_id").drop_nulls()
        return pl.concat([super()._ids(), written])


def open_with_generated(work: Workdir, settings: IndexSettings) -> WithGenerated:
    """Open both as they are on disk now; a process keeps what it opened last."""
    identity = work.require(CORPUS).identity + work.require(GENERATED).identity
    made_at = work.require(GENERATED).made_at  # an unfinished one keeps its identity when it grows
    return _open(
        work.name, work.verify, identity + made_at, settings.title, settings.title_separator
    )


@lru_cache(maxsize=1)
def _open(
    name: str, verify: str, identity: str, title: bool, title_separator: str
) -> WithGenerated:
    work = open_workdir(name)
    work.verify = verify  # type: ignore[assignment]
    return WithGenerated(work, title, title_separator)
