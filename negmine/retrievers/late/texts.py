"""Texts that are in no index: scores of documents, searches for queries, by tokens from the vector cache."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.data.ragged import joined
from negmine.engine.context import Context
from negmine.models.maxsim import maxsim
from negmine.retrievers.base import Hits, ScoreTexts, SearchTexts
from negmine.retrievers.encoding import cached_rows
from negmine.retrievers.late import tokens
from negmine.retrievers.late.tasks import open_late


def score_texts(context: Context) -> ScoreTexts:
    """Return what scores texts by the MaxSim of their tokens' vectors with the query's."""
    encoder = tokens.encoder_of(context.config.index, context.work.digest)
    late, matrices = open_late(context), cached_rows(context, encoder, "document")

    def score(queries: pa.Table, rows: NDArray[np.int64], texts: Sequence[str]) -> Floats:
        if not texts:
            return np.zeros(0, np.float32)
        return maxsim(late.tokens_of(queries), matrices(texts), rows, np.arange(len(texts)))

    return score


def search_texts(context: Context) -> SearchTexts:
    """Return what searches for new queries by the MaxSim of their tokens' vectors."""
    encoder = tokens.encoder_of(context.config.index, context.work.digest)
    late, matrices = open_late(context), cached_rows(context, encoder, "query")

    def search(queries: pa.Table, k: int) -> Hits:
        return late.search_tokens(joined(matrices(queries["text"].to_pylist())), k)

    return search
