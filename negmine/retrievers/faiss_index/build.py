"""Train an index of a factory string on a sample of vectors, add all vectors, save it as `index.faiss`.

Of an IVF index that was filled in shards, the cells lie in `cells.faiss` beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.engine.progress import Progress
from negmine.errors import SettingsError
from negmine.retrievers.faiss_index import cells, trial, trial_child
from negmine.retrievers.faiss_index.module import faiss_or_error
from negmine.retrievers.faiss_index.trial import Wanted
from negmine.storage.files import atomic_path

FILE = "index.faiss"
TRAINED_ON = 262_144  # vectors at most: 64 for each of 4,096 cells, FAISS' own advice is 39 or more
SEED = 13
AT_ONCE = 65_536


def check_size(wanted: Wanted, vectors: int) -> None:
    """Raise SettingsError if the index has more cells than there are vectors."""
    cells = re.search(r"IVF(\d+)", wanted.factory)
    if cells is not None and int(cells[1]) > vectors:
        fit = max(1, 4 * int(vectors**0.5))
        raise SettingsError(
            f"{wanted.flag} {wanted.factory}: {int(cells[1]):,} cells need as many {wanted.rows}, there are "
            f"{vectors:,}. Use flat, or about IVF{fit}."
        )


def build(
    vectors: NDArray[np.floating],
    wanted: Wanted,
    folder: Path,
    progress: Progress,
    most: int = TRAINED_ON,
    shards: int = 1,
) -> dict[str, Any]:
    """Train an index on a sample, add all vectors block by block, save it; return the manifest's stats.

    vectors: float32 or float16 [vectors, dims], may be memory-mapped. most: of them that it is trained on.
    shards: how many times memory holds a part of an IVF index, which is the same for any; it holds any other
    index whole. Raises SettingsError as `trial.check_width` does, and if there are too few vectors.
    """
    faiss = faiss_or_error()
    dims, trained_on = vectors.shape[1], min(len(vectors), most)
    trial.check_width(wanted, dims, len(vectors))
    try:
        index = faiss.index_factory(dims, wanted.factory, faiss.METRIC_INNER_PRODUCT)
        trial_child.without_polysemous(index)
        index.train(_sample(vectors, trained_on))
        blocks = Blocks(vectors, min(shards, -(-len(vectors) // AT_ONCE)), progress)
        if blocks.shards > 1 and cells.can_be_cut(index):
            cells.fill(index, blocks.of_shard, blocks.shards, folder / FILE)
        else:
            for start in range(0, len(vectors), AT_ONCE):
                index.add(blocks.read(start))
            with atomic_path(folder / FILE) as path:
                faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise trial.cannot(wanted, str(error), dims) from error
    size = sum(path.stat().st_size for path in folder.glob("*.faiss"))
    return {"index": wanted.factory, "trained_on": trained_on, "bytes": size}


class Blocks:
    """Blocks of vectors, which lie in shards: the same blocks, whatever the number of shards."""

    def __init__(self, vectors: NDArray[np.floating], shards: int, progress: Progress) -> None:
        self._vectors, self.shards, self._progress = vectors, shards, progress

    def of_shard(self, shard: int) -> list[tuple[int, Callable[[], Floats]]]:
        """Return the first row of each block of a shard, and what reads it."""
        starts = np.arange(0, len(self._vectors), AT_ONCE)
        some = np.array_split(starts, self.shards)[shard].tolist()
        return [(start, partial(self.read, start)) for start in some]

    def read(self, start: int) -> Floats:
        """Return the block that begins at a row, float32."""
        block: Floats = self._vectors[start : start + AT_ONCE].astype(np.float32)
        self._progress.advance(len(block))
        return block


def _sample(vectors: NDArray[np.floating], count: int) -> Floats:
    rng = np.random.default_rng(SEED)
    return vectors[np.sort(rng.choice(len(vectors), count, replace=False))].astype(np.float32)
