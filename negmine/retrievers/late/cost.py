"""About what the late retriever costs, for a dry run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from negmine.config.resolved import ResolvedConfig
from negmine.engine.context import Context
from negmine.models.timing import timed
from negmine.retrievers.base import Amounts, Cost
from negmine.retrievers.late import names, tokens

# Products of numbers in a second, on two cores (docs/how-to/late-interaction.md): pair by pair, or in blocks.
PAIRS_A_SECOND, BLOCKS_A_SECOND = 18e9, 58e9
QUERY_TOKENS = 32  # of a query; models pad queries to this length


class Sample(NamedTuple):
    """What a few documents show: tokens of a document, dimensions of a token, documents encoded in a second."""

    tokens: float
    dimensions: int
    texts_a_second: float


def costs(context: Context, amounts: Amounts) -> dict[str, Cost]:
    """Return what token vectors and the run cost, by the tokens of a few documents.

    With --late-scope candidates, as many documents are encoded as the other retrievers can find at most.
    """
    config, name = context.config, names.tokens(context.config)
    if name not in amounts.made and not amounts.texts():
        return {}
    compared = _compared(config, amounts)
    documents = min(amounts.documents, amounts.queries * compared)
    made = name in amounts.made
    sample = _made(context, name) if made else _sample(context, amounts)
    products = amounts.queries * compared * QUERY_TOKENS * sample.tokens * sample.dimensions
    rate = BLOCKS_A_SECOND if config.index.late_scope == "all" else PAIRS_A_SECOND
    run = {names.run(config): Cost(more_seconds=products / rate)}
    if made:
        return run
    every = documents * sample.tokens + amounts.queries * QUERY_TOKENS
    texts, itemsize = documents + amounts.queries, np.dtype(config.index.late_vector_dtype).itemsize
    size = 2 * every * sample.dimensions * itemsize  # in the index, and in the vector cache
    seconds = texts / sample.texts_a_second
    return {**run, name: Cost(seconds=seconds, size=size, texts=texts, tokens=round(every))}


def _compared(config: ResolvedConfig, amounts: Amounts) -> int:
    """Return with how many documents a query is compared at most."""
    others = sum(one.name != names.NAME for one in config.retrievers)
    wanted = config.retrieve.k * others
    return amounts.documents if config.index.late_scope == "all" else min(amounts.documents, wanted)


def _made(context: Context, name: str) -> Sample:
    stats = context.work.require(name).stats
    return Sample(stats["document_tokens"] / max(stats["documents"], 1), stats["dimensions"], 1.0)


def _sample(context: Context, amounts: Amounts) -> Sample:
    encoder = tokens.encoder_of(context.config.index, context.work.digest)
    matrices, rate = timed(encoder, amounts.texts())
    lengths = [len(one) for one in matrices]
    width = max((one.shape[1] for one in matrices), default=0)
    return Sample(sum(lengths) / max(len(lengths), 1), width, rate)
