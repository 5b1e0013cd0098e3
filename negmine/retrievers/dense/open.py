"""Open the dense retriever as the settings say: exact, with a FAISS index or bits; on GPUs or cores."""

from __future__ import annotations

from functools import partial

from negmine.config.dense import DenseModel
from negmine.config.memory import products
from negmine.config.settings.index import BINARY, FLAT
from negmine.engine.context import Context
from negmine.retrievers import shards
from negmine.retrievers.dense import coarse, names, nearest
from negmine.retrievers.dense.approximate import Approximate
from negmine.retrievers.dense.binary import RESCORE, Binary
from negmine.retrievers.dense.search import Dense

ROUNDED = 1.001  # a length in the manifest, and numbers in half precision, are rounded


def open_dense(context: Context, model: DenseModel) -> Dense:
    """Open the finished vectors of a model, memory-mapped."""
    config, work = context.config, context.work
    index = config.index
    approximate = _approximate(context, model)
    folder = work.opened(names.vectors(index, model))
    corpus = context.corpus
    sizes = corpus.part_documents()
    spans = shards.spans(sizes, config.shards(sum(sizes)))
    made = partial(Dense, model.name, folder, spans, partial(shards.ids_of, corpus))
    longest = _longest(context, names.vectors(index, model))
    gpus, size = nearest.gpus(index.one_device), products(config.memory_bytes)
    if gpus:
        return made(partial(nearest.on_gpus, gpus), None, approximate, longest)
    propose = partial(nearest.on_cpu, products=size)
    wide = config.memory_bytes >= coarse.LEAST_MEMORY
    roughly = partial(coarse.on_cpu, products=size // 2) if wide else None
    return made(propose, roughly, approximate, longest)


def _approximate(context: Context, model: DenseModel) -> Approximate | Binary | None:
    """Open what --index made, if it is not flat."""
    index, retrieve = context.config.index, context.config.retrieve
    if index.index == FLAT:
        return None
    folder = context.work.opened(names.approximate(index, model))
    if index.index == BINARY:
        return Binary(folder, retrieve.rescore or RESCORE)
    return Approximate(folder, retrieve.faiss_parameters, index.one_device)


def _longest(context: Context, vectors: str) -> float | None:
    """Return the largest length of a document's vector, where lengths are kept; None for unit vectors."""
    stats = context.work.require(vectors).stats
    if stats.get("normalised", True):
        return None
    shortest_and_longest = stats["norms"]["document"] or [1.0, 1.0]
    return float(shortest_and_longest[1]) * ROUNDED
