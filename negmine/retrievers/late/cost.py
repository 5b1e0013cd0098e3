"""About what the late retriever costs, for a dry run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from negmine.config.resolved import ResolvedConfig
from negmine.config.settings.index import IVF
from negmine.engine.context import Context
from negmine.models.timing import timed
from negmine.retrievers.base import Amounts, Cost
from negmine.retrievers.late import names, tasks, tokens
from negmine.retrievers.late.approximate import cells_for, trained_on

# Products of numbers in a second, on two cores (docs/how-to/late-interaction.md): pair by pair, or in blocks.
PAIRS_A_SECOND, BLOCKS_A_SECOND = 18e9, 58e9
CELLS_A_SECOND = 20e9  # of FAISS, which compares tokens with cells
TRAININGS = 10  # how often FAISS compares the sample with all cells
PLACE = 8  # bytes beside a token's number in an index, which takes a byte of each dimension
QUERY_TOKENS = 32  # of a query; models pad queries to this length


class Sample(NamedTuple):
    """What a few documents show: tokens of a document, dimensions of a token, documents encoded in a second."""

    tokens: float
    dimensions: int
    texts_a_second: float


def costs(context: Context, amounts: Amounts) -> dict[str, Cost]:
    """Return what token vectors, an index over them and the run cost, by the tokens of a few documents.

    With --late-scope candidates, as many documents are encoded as the other retrievers can find at most.
    """
    config, name = context.config, names.tokens(context.config)
    if name not in amounts.made and not amounts.texts():
        return {}
    documents = min(amounts.documents, amounts.queries * _compared(config, amounts))
    made = name in amounts.made
    sample = _made(context, name) if made else _sample(context, amounts)
    searches = _searches(config, amounts, sample)
    if made:
        return searches
    every = documents * sample.tokens + amounts.queries * QUERY_TOKENS
    texts, itemsize = documents + amounts.queries, np.dtype(config.index.late_vector_dtype).itemsize
    size = 2 * every * sample.dimensions * itemsize  # in the index, and in the vector cache
    seconds = texts / sample.texts_a_second
    return {**searches, name: Cost(seconds=seconds, size=size, texts=texts, tokens=round(every))}


def _searches(config: ResolvedConfig, amounts: Amounts, sample: Sample) -> dict[str, Cost]:
    """Return what the run costs, and an index with the measure of what it misses."""
    pair = QUERY_TOKENS * sample.tokens * sample.dimensions
    compared, rate = _compared(config, amounts), PAIRS_A_SECOND
    if names.has_index(config):
        compared = min(amounts.documents, QUERY_TOKENS * config.retrieve.late_tokens)
    elif config.index.late_scope == "all":
        rate = BLOCKS_A_SECOND
    run = {names.run(config): Cost(more_seconds=amounts.queries * compared * pair / rate)}
    if not names.has_index(config):
        return run
    every, tried = round(amounts.documents * sample.tokens), min(amounts.queries, tasks.TRIED)
    tokens_compared = TRAININGS * trained_on(IVF, every) + every
    products = cells_for(every) * tokens_compared * sample.dimensions
    return {
        **run,
        names.approximate(config): Cost(
            seconds=products / CELLS_A_SECOND, size=every * (sample.dimensions + PLACE)
        ),
        names.recall(config): Cost(
            seconds=tried * amounts.documents * pair / BLOCKS_A_SECOND, size=0
        ),
    }


def _compared(config: ResolvedConfig, amounts: Amounts) -> int:
    """Return of how many documents a query needs the tokens at most."""
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
