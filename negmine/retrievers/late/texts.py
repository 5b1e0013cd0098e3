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
from negmine.retrievers.late import tokens
from negmine.retrievers.late.tasks import open_late
from negmine.storage.layout import VECTORS
from negmine.storage.vectors import VectorStore


def score_texts(context: Context) -> ScoreTexts:
    """Return what scores texts by the MaxSim of their tokens' vectors with the query's."""
    late, note = open_late(context), context.progress.note
    encoder = tokens.encoder_of(context.config.index, context.work.digest)
    store = VectorStore(context.work.root / VECTORS / encoder.identity("document"), note)

    def score(queries: pa.Table, rows: NDArray[np.int64], texts: Sequence[str]) -> Floats:
        if not texts:
            return np.zeros(0, np.float32)
        store.fill(texts, encoder.work("document", note), lambda count: None)
        return maxsim(late.tokens_of(queries), store.held(texts), rows, np.arange(len(texts)))

    return score


def search_texts(context: Context) -> SearchTexts:
    """Return what searches for new queries by the MaxSim of their tokens' vectors."""
    late, note = open_late(context), context.progress.note
    encoder = tokens.encoder_of(context.config.index, context.work.digest)
    store = VectorStore(context.work.root / VECTORS / encoder.identity("query"), note)

    def search(queries: pa.Table, k: int) -> Hits:
        texts = queries["text"].to_pylist()
        store.fill(texts, encoder.work("query", note), lambda count: None)
        return late.search_tokens(joined(store.held(texts)), k)

    return search
