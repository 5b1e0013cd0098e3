"""Approximate search: a FAISS index of any factory string over the documents' vectors.

The folder holds `index.faiss`; of an IVF index that was filled in shards, `cells.faiss`, too. FAISS proposes
documents; their scores are computed as in exact search. So an approximate run can miss a document, but the
scores that it has are right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.engine.progress import Progress
from negmine.errors import SettingsError
from negmine.retrievers.base import Hits
from negmine.retrievers.dense import cells, trial, trial_child
from negmine.retrievers.dense.exact import SPARE, ranked_pairs
from negmine.retrievers.dense.nearest import GPU_MOST, NOT_THERE, Floats, count_gpus, no_faiss
from negmine.storage.arrays import damaged
from negmine.storage.files import atomic_path

FILE = "index.faiss"
TRAINED_ON = 262_144  # vectors at most: 64 for each of 4,096 cells, FAISS' own advice is 39 or more
SEED = 13
AT_ONCE = 65_536


def faiss_or_error() -> Any:
    """Return the module faiss; raise MissingDependency if it is not installed, or does not load."""
    try:
        import faiss
    except NOT_THERE as error:
        raise no_faiss(error) from error
    return faiss


def check_size(factory: str, documents: int) -> None:
    """Raise SettingsError if the index has more cells than there are documents."""
    cells = re.search(r"IVF(\d+)", factory)
    if cells is not None and int(cells[1]) > documents:
        fit = max(1, 4 * int(documents**0.5))
        raise SettingsError(
            f"--index {factory}: {int(cells[1]):,} cells need as many documents, there are {documents:,}. "
            f"Use flat, or about IVF{fit}."
        )


def set_parameters(index: Any, parameters: dict[str, int]) -> None:
    """Set an index's search parameters; raise SettingsError for one that this index does not have."""
    space = faiss_or_error().ParameterSpace()
    for name, value in parameters.items():
        try:
            space.set_index_parameter(index, name, value)
        except RuntimeError as error:
            flag = {"efSearch": "--ef-search"}.get(name, f"--{name}")
            raise SettingsError(
                f"{flag} {value}: this --index has no such setting. --nprobe is for IVF, "
                "--ef-search for HNSW."
            ) from error


def _empty(factory: str, dims: int) -> Any:
    faiss = faiss_or_error()
    return faiss.index_factory(dims, factory, faiss.METRIC_INNER_PRODUCT)


def build(
    vectors: NDArray[np.floating],
    factory: str,
    folder: Path,
    progress: Progress,
    shards: int = 1,
) -> dict[str, Any]:
    """Train an index on a sample, add all vectors block by block, save it; return the manifest's stats.

    vectors: float32 or float16 unit vectors [documents, dims], may be memory-mapped. shards: how many times
    memory holds a part of an IVF index; the index is the same. Raises SettingsError as `trial.check_width`
    does, and if there are too few documents for the index.
    """
    faiss = faiss_or_error()
    dims, trained_on = vectors.shape[1], min(len(vectors), TRAINED_ON)
    trial.check_width(factory, dims, len(vectors))
    try:
        index = _empty(factory, dims)
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
        raise trial.cannot(factory, str(error), dims) from error
    size = sum(path.stat().st_size for path in folder.glob("*.faiss"))
    return {
        "documents": len(vectors), "index": factory, "trained_on": trained_on, "bytes": size,
    }  # fmt: skip


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


class Approximate:
    """A saved index, opened for search. parameters: as {"nprobe": 64}. device: cpu forbids GPUs."""

    def __init__(self, folder: Path, parameters: dict[str, int], device: str) -> None:
        self._faiss = faiss_or_error()
        flag, self._file = self._faiss.IO_FLAG_MMAP, folder / FILE
        has_cells = self._file.with_name(cells.CELLS).exists()
        if not has_cells:
            flag = getattr(self._faiss, "IO_FLAG_MMAP_IFC", flag)
        try:
            self._index = self._faiss.read_index(str(self._file), flag)
            if has_cells:
                cells.map_cells(self._index, self._file)
        except RuntimeError as error:
            raise damaged(self._file, str(error)) from error
        set_parameters(self._index, parameters)
        self._gpu = self._on_gpus() if device != "cpu" and count_gpus() else None

    def _on_gpus(self) -> Any:
        """Return a copy, sharded over all GPUs in half precision; None if GPUs lack this kind of index."""
        options = self._faiss.GpuMultipleClonerOptions()
        options.shard, options.useFloat16 = True, True
        try:
            return self._faiss.index_cpu_to_all_gpus(self._index, options)
        except RuntimeError:
            return None

    def search(
        self,
        queries: Floats,
        documents: NDArray[np.floating],
        k: int,
        doc_order: NDArray[np.int64],
    ) -> Hits:
        """Return up to k documents of every query, best first, ties by `doc_order` (see exact.search).

        queries: float32 [n, dims]. documents: the indexed vectors, float32 or float16 [m, dims].
        """
        k = min(k, len(documents))
        depth = min(k + SPARE, len(documents))
        index = self._gpu if self._gpu is not None and depth <= GPU_MOST else self._index
        if (self._index.ntotal, self._index.d) != documents.shape:
            raise damaged(self._file, "it is about other vectors")
        _, proposed = index.search(np.ascontiguousarray(queries), depth)
        if proposed.max(initial=-1) >= len(documents):
            raise damaged(self._file, f"it names something outside of 0 to {len(documents) - 1:,}")
        rows = np.arange(len(queries))
        scores, docs = ranked_pairs(queries, documents, rows, proposed.astype(np.int64), doc_order)
        return Hits(docs[:, :k], scores[:, :k])
