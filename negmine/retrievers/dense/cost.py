"""About what a dense retriever costs, for a dry run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from negmine.config.dense import DenseModel
from negmine.config.settings.index import BINARY
from negmine.engine.context import Context
from negmine.models.encoder import Encoder
from negmine.models.timing import timed
from negmine.retrievers.base import Amounts, Cost
from negmine.retrievers.dense import given, names

PRODUCTS_A_SECOND = 20e9  # of an exact search
UNSEEN = 3_072  # dimensions of an endpoint's vectors, before any was sent: a large model's
TEXTS_A_SECOND = 200.0  # of an endpoint; nothing is sent to find out
CACHED = 4  # bytes of a number in the vector cache


class Vectors(NamedTuple):
    """What vectors cost: their dimensions; how many texts are encoded in a second, 0 for brought ones."""

    dimensions: int
    texts_a_second: float = 0.0


def costs(model: DenseModel, context: Context, amounts: Amounts) -> dict[str, Cost]:
    """Return what vectors, bits and the run cost. A few documents are encoded, unless vectors are there."""
    index, name = context.config.index, names.vectors(context.config.index, model)
    made = name in amounts.made
    texts = amounts.documents + amounts.queries
    dims, rate = _made(context, name) if made else _timed(model, context, amounts)
    products = amounts.documents * amounts.queries * dims
    found = {names.run(index, model): Cost(more_seconds=products / PRODUCTS_A_SECOND)}
    if index.index == BINARY:
        found[names.approximate(index, model)] = Cost(size=amounts.documents * -(-dims // 8))
    if made:
        return found
    itemsize = np.dtype(index.vector_dtype).itemsize
    size = amounts.documents * dims * itemsize
    size += amounts.queries * dims * (2 if index.vector_dtype == "float16" else 4)
    if not rate:
        return {**found, name: Cost(size=size)}
    cached = texts * dims * CACHED
    return {**found, name: Cost(seconds=texts / rate, size=size + cached, texts=texts)}


def _made(context: Context, name: str) -> Vectors:
    return Vectors(context.work.require(name).stats.get("dimensions", 0))


def _timed(model: DenseModel, context: Context, amounts: Amounts) -> Vectors:
    """Encode a few documents, unless their vectors are brought along, or come from an endpoint."""
    index = context.config.index
    if index.document_vectors is not None:
        return Vectors(given.width(index, "document", context.work.remote))
    if index.model_url is not None:
        return Vectors(model.documents.dimensions or UNSEEN, TEXTS_A_SECOND)
    vectors, rate = timed(Encoder(model.documents, index, context.work.digest), amounts.texts())
    return Vectors(vectors.shape[1], rate)
