"""About what the sparse retriever costs, for a dry run."""

from __future__ import annotations

from negmine.data.sparse_rows import of_pairs
from negmine.engine.context import Context
from negmine.models.sparse import SparseEncoder
from negmine.models.timing import timed
from negmine.retrievers.base import Amounts, Cost

TERM = 8  # bytes of a term and its weight, in the index and in the vector cache


def costs(name: str, context: Context, amounts: Amounts) -> dict[str, Cost]:
    """Return what the index costs, by the terms of a few documents; queries count as documents.

    name: of the index.
    """
    if name in amounts.made or not (sample := amounts.texts()):
        return {}
    encoder = SparseEncoder(context.config.index, context.work.digest)
    vectors, rate = timed(encoder, sample)
    texts, terms = amounts.documents + amounts.queries, len(of_pairs(vectors).terms) / len(sample)
    return {name: Cost(seconds=texts / rate, size=2 * texts * terms * TERM, texts=texts)}
