"""Encoding only a part of the corpus: what other retrievers found, and positives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.engine.context import Context
from negmine.storage.arrays import check_ascending, open_array
from negmine.storage.layout import QRELS

POSITIONS = "positions.npy"  # in an index folder, where only some documents are encoded


def positions(context: Context, runs: Sequence[str]) -> NDArray[np.int64]:
    """Return the positions of all documents in these runs, and of all positives, int64, ascending."""
    least = context.config.index.min_relevance
    in_runs = [context.work.scan(name).select("doc_id") for name in runs]
    qrels = context.work.scan(QRELS).filter(pl.col("relevance") >= least).select("doc_id")
    ids = pl.concat([*in_runs, qrels]).unique().collect(engine="streaming")["doc_id"]
    return np.sort(context.corpus.positions(ids))


def read_positions(folder: Path, documents: int) -> NDArray[np.int64] | None:
    """Return the positions of the documents that are encoded, where only some of so many are."""
    path = folder / POSITIONS
    if not path.exists():
        return None
    chosen: NDArray[np.int64] = open_array(path, np.int64, (None,), mapped=False)
    check_ascending(path, chosen, documents)
    return chosen
