"""Texts that are in no index: vectors and scores of documents, searches for queries, by the vector store."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.dense import DenseModel
from negmine.data.arrays import Floats
from negmine.engine.context import Context
from negmine.models.encoder import Kind
from negmine.models.norms import UnitRows
from negmine.models.products import pair_scores
from negmine.retrievers import shards
from negmine.retrievers.base import ScoreTexts, SearchTexts, TextVectors
from negmine.retrievers.dense.encoded import encoders
from negmine.retrievers.dense.open import open_dense
from negmine.retrievers.dense.search import Dense, Exactly
from negmine.retrievers.encoding import cached_rows


def text_vectors(context: Context, model: DenseModel) -> TextVectors | None:
    """Return what gives unit vectors of texts; None where vectors were brought along, and no model is there."""
    encode = _encoder(context, model)
    if encode is None:
        return None
    return lambda texts: np.asarray(UnitRows(encode(texts))[np.arange(len(texts))], np.float32)


def score_texts(context: Context, model: DenseModel) -> ScoreTexts | None:
    """Return what scores texts by the inner product with a query's vector, as documents are scored."""
    encode = _encoder(context, model)
    return None if encode is None else partial(_scored, open_dense(context, model), encode)


def search_texts(context: Context, model: DenseModel) -> SearchTexts | None:
    """Return what searches for new queries, encoded as mined ones are; None where vectors were brought."""
    encode = _encoder(context, model, "query")
    if encode is None:
        return None
    asked = Exactly(
        open_dense(context, model).shards, lambda queries: encode(queries["text"].to_pylist())
    )
    return partial(shards.search, asked)


def _scored(
    dense: Dense,
    encode: TextVectors,
    queries: pa.Table,
    rows: NDArray[np.int64],
    texts: Sequence[str],
) -> Floats:
    if not texts:
        return np.zeros(0, np.float32)
    return pair_scores(dense.read(queries), encode(texts), rows, np.arange(len(texts)))


def _encoder(context: Context, model: DenseModel, kind: Kind = "document") -> TextVectors | None:
    """Return what gives the vectors of texts, of length 1 unless --similarity is dot."""
    index = context.config.index
    if index.document_vectors is not None:
        return None
    return cached_rows(context, encoders(model, index, context.work.digest)[kind], kind)
