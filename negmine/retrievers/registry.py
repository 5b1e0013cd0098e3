"""Which retriever a name means."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa

from negmine.config.memory import products
from negmine.errors import RetrieverError, SettingsError
from negmine.retrievers.base import Hits, Retriever
from negmine.retrievers.bm25 import retriever as bm25
from negmine.retrievers.dense import coarse, nearest
from negmine.retrievers.dense.approximate import FLAT, Approximate
from negmine.retrievers.dense.search import Dense

if TYPE_CHECKING:
    from negmine.stages.context import House


def _bm25(house: House) -> Retriever:
    return bm25.open_index(house.work.folder("1-index/bm25"), house.doc_order)


def open_dense(house: House) -> Dense:
    """Open the dense retriever as the settings say: exact, or with a FAISS index."""
    index, retrieve = house.settings.index, house.settings.retrieve
    approximate = None
    if index.index != FLAT:
        folder = house.work.folder(house.faiss)
        approximate = Approximate(folder, retrieve.faiss_parameters, index.one_device)
    folder = house.work.folder(house.vectors)
    gpus, size = nearest.gpus(index.one_device), products(house.memory)
    if gpus:
        return Dense(folder, house.doc_order, partial(nearest.on_gpus, gpus), None, approximate)
    propose = partial(nearest.on_cpu, products=size)
    roughly = partial(coarse.on_cpu, products=size // 2) if house.memory >= coarse.ROOM else None
    return Dense(folder, house.doc_order, propose, roughly, approximate)


RETRIEVERS: dict[str, Callable[[House], Retriever]] = {"bm25": _bm25, "dense": open_dense}


def check_spec(spec: str) -> None:
    """Raise SettingsError unless `spec` names a retriever or looks like package.module:factory."""
    if spec not in RETRIEVERS and ":" not in spec:
        known = ", ".join(RETRIEVERS)
        raise SettingsError(
            f"--retriever {spec}: no such retriever. There are {known}, or package.module:factory for your own."
        )


def open_retriever(spec: str, house: House) -> Retriever:
    """Open a retriever; a user's factory gets a function that yields the documents' tables."""
    check_spec(spec)
    if spec in RETRIEVERS:
        return RETRIEVERS[spec](house)
    module, factory = spec.split(":", 1)
    try:
        make = getattr(importlib.import_module(module), factory)
    except (ImportError, AttributeError) as error:
        raise SettingsError(
            f"--retriever {spec}: {error}. Is the package installed here?"
        ) from error
    return cast(Retriever, make(house.documents))


def checked_search(
    retriever: Retriever, spec: str, queries: pa.Table, k: int, documents: int
) -> Hits:
    """Search, and check what came back where the retriever is a user's own.

    Raises RetrieverError for hits that are no `Hits` of this many queries and documents.
    """
    if spec in RETRIEVERS:
        return retriever.search(queries, k)
    try:
        docs, scores = retriever.search(queries, k)
        hits = Hits(np.asarray(docs, np.int64), np.asarray(scores, np.float32))
    except Exception as error:
        raise RetrieverError(f"--retriever {spec}: {type(error).__name__}: {error}") from error
    wrong = _fault(hits, queries.num_rows, documents)
    if wrong:
        raise RetrieverError(f"--retriever {spec}: search returned {wrong}.")
    return hits


def _fault(hits: Hits, queries: int, documents: int) -> str | None:
    if hits.docs.shape != hits.scores.shape or hits.docs.ndim != 2 or len(hits.docs) != queries:
        return f"docs {hits.docs.shape} and scores {hits.scores.shape} for {queries} queries"
    found = hits.docs >= 0
    if hits.docs.max(initial=-1) >= documents:
        return f"document {hits.docs.max()}, but there are {documents}, counted from 0"
    if not np.isfinite(hits.scores[found]).all():
        return "a score that is not finite"
    ordered = np.sort(hits.docs, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        return "a document twice for one query"
    return None
