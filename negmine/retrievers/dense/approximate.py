"""Approximate search: a FAISS index of any factory string over the documents' vectors.

The folder holds `index.faiss`. FAISS proposes; scores are those of exact search, so an approximate run
can miss a document, never misjudge one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.engine.progress import Progress
from negmine.errors import SettingsError
from negmine.retrievers.base import Hits
from negmine.retrievers.dense.exact import SPARE, ranked_pairs
from negmine.retrievers.dense.nearest import GPU_MOST, Floats, count_gpus, no_faiss

FILE = "index.faiss"
FLAT = "flat"
TRAINED_ON = 262_144  # vectors at most: 64 for each of 4,096 cells, FAISS' own advice is 39 or more
SEED = 13
AT_ONCE = 65_536
ANY_WIDTH = 3840  # of an index that is only tried: what most divisors divide
_CAGRA = re.compile(r"cagra(\d*)", re.IGNORECASE)


def faiss_or_error() -> Any:
    """Return the module; raise MissingDependency where it is not installed."""
    try:
        import faiss
    except ImportError as error:
        raise no_faiss() from error
    return faiss


def check(factory: str, parameters: dict[str, int]) -> None:
    """Raise SettingsError now for what FAISS cannot make or set, MissingDependency without FAISS.

    parameters: FAISS' names, such as {"nprobe": 64}.
    """
    if _CAGRA.fullmatch(factory):
        if not hasattr(faiss_or_error(), "GpuIndexCagra") or not count_gpus():
            raise SettingsError(
                f"--index {factory} is built on a GPU, by a FAISS that has cuVS. Say HNSW32 here."
            )
        return
    try:
        index = _empty(factory, ANY_WIDTH)
    except RuntimeError as error:
        if "parse" in str(error) or "METRIC_L2" in str(error):
            raise _cannot(factory, error) from error
        return  # it may be right for another width: `build` tells
    set_parameters(index, parameters)
    if re.match(r"ID(Map|Map2),", factory):
        raise SettingsError(
            f"--index {factory}: leave IDMap out, negmine numbers documents itself."
        )


def check_size(factory: str, documents: int) -> None:
    """Raise SettingsError, before anything is encoded, for more cells than there are documents."""
    cells = re.search(r"IVF(\d+)", factory)
    if cells is not None and int(cells[1]) > documents:
        fit = max(1, 4 * int(documents**0.5))
        raise SettingsError(
            f"--index {factory}: {int(cells[1]):,} cells need as many documents, there are {documents:,}. "
            f"Say flat, or about IVF{fit}."
        )


def set_parameters(index: Any, parameters: dict[str, int]) -> None:
    """Set how hard an index looks; raise SettingsError for a setting that it has not."""
    space = faiss_or_error().ParameterSpace()
    for name, value in parameters.items():
        try:
            space.set_index_parameter(index, name, value)
        except RuntimeError as error:
            shown = {"efSearch": "--ef-search"}.get(name, f"--{name}")
            raise SettingsError(
                f"{shown} {value}: this --index has no such setting. --nprobe is for IVF, "
                "--ef-search for HNSW."
            ) from error


def _empty(factory: str, dims: int) -> Any:
    faiss = faiss_or_error()
    return faiss.index_factory(dims, factory, faiss.METRIC_INNER_PRODUCT)


def _cannot(factory: str, error: Exception, dims: int | None = None) -> SettingsError:
    told = _last(error)
    why = "it is for distances, not for inner products" if "METRIC_L2" in told else told
    width = "" if dims is None else f" for vectors of {dims} dimensions"
    return SettingsError(
        f"--index {factory}: FAISS cannot make such an index{width} ({why}). "
        "Say flat, or a factory string such as IVF4096,Flat or HNSW32."
    )


def build(
    vectors: NDArray[np.floating], factory: str, folder: Path, progress: Progress
) -> dict[str, Any]:
    """Train on a sample, add all vectors block by block, save; return the manifest's stats.

    vectors: unit vectors [documents, dims], may be memory-mapped. Raises SettingsError as `check` does,
    and where there are too few documents for the index.
    """
    faiss = faiss_or_error()
    cagra, dims = _CAGRA.fullmatch(factory), vectors.shape[1]
    trained_on = len(vectors) if cagra else min(len(vectors), TRAINED_ON)
    try:
        if cagra:
            index = _on_gpu_graph(faiss, cagra, vectors)
        else:
            index = _empty(factory, dims)
            index.train(_sample(vectors, trained_on))
            for start in range(0, len(vectors), AT_ONCE):
                block = vectors[start : start + AT_ONCE].astype(np.float32)
                index.add(block)
                progress.advance(len(block))
    except RuntimeError as error:
        raise _cannot(factory, error, dims) from error
    faiss.write_index(index, str(folder / FILE))
    size = (folder / FILE).stat().st_size
    return {
        "documents": len(vectors), "index": factory, "trained_on": trained_on, "bytes": size,
    }  # fmt: skip


def _sample(vectors: NDArray[np.floating], count: int) -> Floats:
    rng = np.random.default_rng(SEED)
    return vectors[np.sort(rng.choice(len(vectors), count, replace=False))].astype(np.float32)


def _on_gpu_graph(faiss: Any, cagra: re.Match[str], vectors: NDArray[np.floating]) -> Any:
    """Build CAGRA on a GPU and return it as the HNSW index that every machine can search."""
    config = faiss.GpuIndexCagraConfig()
    config.graph_degree = int(cagra[1] or 64)
    dims = vectors.shape[1]
    graph = faiss.GpuIndexCagra(
        faiss.StandardGpuResources(), dims, faiss.METRIC_INNER_PRODUCT, config
    )
    graph.train(np.asarray(vectors, np.float32))
    index = faiss.IndexHNSWCagra()
    graph.copyTo(index)
    return index


class Approximate:
    """A saved index, opened; `parameters` such as {"nprobe": 64} say how hard it looks."""

    def __init__(self, folder: Path, parameters: dict[str, int], device: str) -> None:
        self._faiss = faiss_or_error()
        flag = getattr(self._faiss, "IO_FLAG_MMAP_IFC", self._faiss.IO_FLAG_MMAP)
        self._index = self._faiss.read_index(str(folder / FILE), flag)
        set_parameters(self._index, parameters)
        self._gpu = self._on_gpus() if device != "cpu" and count_gpus() else None

    def _on_gpus(self) -> Any:
        """Return a copy sharded over all GPUs in half precision; None for a kind that no GPU has."""
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
        """Return up to k documents of every query, best first, ties by `doc_order` (see exact.search)."""
        k = min(k, len(documents))
        depth = min(k + SPARE, len(documents))
        index = self._gpu if self._gpu is not None and depth <= GPU_MOST else self._index
        _, found = index.search(np.ascontiguousarray(queries), depth)
        asked = np.arange(len(queries))
        scores, docs = ranked_pairs(queries, documents, asked, found.astype(np.int64), doc_order)
        return Hits(docs[:, :k], scores[:, :k])


def _last(error: Exception) -> str:
    return str(error).rsplit(": ", 1)[-1].strip()
