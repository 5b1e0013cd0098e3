"""Open the dense retriever as the settings say: exact, or with a FAISS index; on GPUs or cores."""

from __future__ import annotations

from functools import partial

from negmine.config.memory import products
from negmine.engine.context import Context
from negmine.retrievers.dense import coarse, names, nearest
from negmine.retrievers.dense.approximate import FLAT, Approximate
from negmine.retrievers.dense.search import Dense

ROUNDED = 1.001  # a length in the manifest, and numbers in half precision, are rounded


def open_dense(context: Context) -> Dense:
    """Open the finished vectors, memory-mapped."""
    config, work = context.config, context.work
    index = config.index
    approximate = None
    if index.index != FLAT:
        folder = work.opened(names.faiss(config))
        approximate = Approximate(folder, config.retrieve.faiss_parameters, index.one_device)
    folder, doc_order = work.opened(names.vectors(config)), context.corpus.doc_order()
    longest = _longest(context)
    gpus, size = nearest.gpus(index.one_device), products(config.memory_bytes)
    if gpus:
        on_gpus = partial(nearest.on_gpus, gpus)
        return Dense(folder, doc_order, on_gpus, None, approximate, longest)
    propose = partial(nearest.on_cpu, products=size)
    wide = config.memory_bytes >= coarse.LEAST_MEMORY
    roughly = partial(coarse.on_cpu, products=size // 2) if wide else None
    return Dense(folder, doc_order, propose, roughly, approximate, longest)


def _longest(context: Context) -> float | None:
    """Return the largest length of a document's vector, where lengths are kept; None for unit vectors."""
    manifest = context.work.require(names.vectors(context.config))
    if manifest.stats.get("normalised", True):
        return None
    shortest_and_longest = manifest.stats["norms"]["document"] or [1.0, 1.0]
    return float(shortest_and_longest[1]) * ROUNDED
