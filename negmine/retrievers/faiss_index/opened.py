"""A saved index, memory-mapped, on all GPUs where they have its kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.retrievers.faiss_index import cells
from negmine.retrievers.faiss_index.build import FILE
from negmine.retrievers.faiss_index.module import GPU_MOST, count_gpus, faiss_or_error
from negmine.storage.arrays import damaged


class Opened:
    """A saved index that proposes vectors.

    settle: gets FAISS' index before the first search and sets how hard it looks; it may raise. device: cpu
    forbids GPUs. Raises CorruptArtifact for a file that is no index.
    """

    def __init__(self, folder: Path, settle: Callable[[Any], None], device: str) -> None:
        self._faiss = faiss_or_error()
        flag, self._file = self._faiss.IO_FLAG_MMAP, folder / FILE
        has_cells = (folder / cells.CELLS).exists()
        if not has_cells:
            flag = getattr(self._faiss, "IO_FLAG_MMAP_IFC", flag)
        try:
            self.index = self._faiss.read_index(str(self._file), flag)
            if has_cells:
                cells.map_cells(self.index, self._file)
        except RuntimeError as error:
            raise damaged(self._file, str(error)) from error
        settle(self.index)
        self.gpu = self._on_gpus() if device != "cpu" and count_gpus() else None

    def _on_gpus(self) -> Any:
        """Return a copy, sharded over all GPUs in half precision; None if GPUs lack this kind of index.

        None, too, for a search of more cells than GPUs look into.
        """
        inner = self._faiss.try_extract_index_ivf(self.index)
        if inner is not None and inner.nprobe > GPU_MOST:
            return None
        options = self._faiss.GpuMultipleClonerOptions()
        options.shard, options.useFloat16 = True, True
        try:
            return self._faiss.index_cpu_to_all_gpus(self.index, options)
        except RuntimeError:
            return None

    def nearest(self, queries: Floats, depth: int, shape: tuple[int, int]) -> NDArray[np.int64]:
        """Return the rows of up to `depth` vectors of the largest products, int64 [queries, depth].

        -1 pads a short list. queries: float32 [n, dims]. shape: of the vectors that the index is about; raises
        CorruptArtifact for an index about others.
        """
        if (self.index.ntotal, self.index.d) != shape:
            raise damaged(self._file, "it is about other vectors")
        index = self.gpu if self.gpu is not None and depth <= GPU_MOST else self.index
        _, rows = index.search(np.ascontiguousarray(queries), depth)
        if rows.max(initial=-1) >= shape[0]:
            raise damaged(self._file, f"it names something outside of 0 to {shape[0] - 1:,}")
        return np.asarray(rows, np.int64)
