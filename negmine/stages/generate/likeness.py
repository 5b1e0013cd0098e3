"""Task of `likeness`: written documents are compared with the known positives of their queries."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from negmine.data.shingles import sets_of, shingle_column
from negmine.data.shingles.words import normalise_all
from negmine.data.similarity import Likeness, likeness
from negmine.engine.context import Context
from negmine.engine.tasks import DRIVER, Parts, once
from negmine.retrievers.base import TextVectors
from negmine.retrievers.registry import type_of
from negmine.stages.generate import compute
from negmine.stages.generate.scores import texts_of, written_documents
from negmine.storage.layout import GENERATED_CANDIDATES

DOCUMENTS_AT_ONCE = 8_192  # whose texts and vectors are in memory together


def compared(context: Context) -> Parts:
    """How like each written document is to the known positives of its query.

    By the vectors of the first retriever that has them, else by word 3-grams; null where vectors were brought
    along, and no model can make one of a new text. A shared document is compared for each query that has it.
    """
    chosen = context.config.vector_retriever
    kind = None if chosen is None else type_of(chosen, context.config)
    encoder = once(
        lambda: None if kind is None or kind.text_vectors is None else kind.text_vectors(context)
    )

    def make(part: int) -> pa.Table:
        pairs, positives = _pairs(context, part), context.queries.positives(part)
        tables = [
            _compared(context, some, positives, kind is None, encoder())
            for some in pairs.iter_slices(DOCUMENTS_AT_ONCE)
        ]
        return pa.concat_tables([compute.likeness_table(pairs.clear(), NOTHING), *tables])

    return Parts(context.queries.parts(), make, place=DRIVER)


NOTHING = Likeness(np.zeros(0, np.float32), np.zeros(0, np.float32))


def _pairs(context: Context, part: int) -> pl.DataFrame:
    """Return query_id, doc_id of the written documents that the queries of a part have."""
    if not context.config.shares_generated:
        return written_documents(context, part).select("query_id", "doc_id")
    rows = context.work.read(GENERATED_CANDIDATES, part, ["query_id", "doc_id", "label"])
    return rows.filter(compute.IS_GENERATED).select("query_id", "doc_id")


def _compared(
    context: Context,
    pairs: pl.DataFrame,
    positives: pl.DataFrame,
    by_words: bool,
    encode: TextVectors | None,
) -> pa.Table:
    """Return `likeness` of some pairs. by_words: compare word 3-grams; else vectors, if there is `encode`."""
    own, ends, positive_ends = compute.pairs_of(pairs, positives)
    texts = dict(texts_of(context, pairs["doc_id"]).iter_rows())
    texts |= dict(context.corpus.texts(own["doc_id"]).iter_rows())
    both = [texts[name] for name in (*pairs["doc_id"], *own["doc_id"])]
    docs, others = np.arange(pairs.height), np.arange(pairs.height, len(both))
    if by_words:
        sets = sets_of(shingle_column(normalise_all(pl.Series(both, dtype=pl.String))))
        like = sets.likeness(docs, ends, others, positive_ends)
    elif encode is not None:
        like = likeness(encode(both), docs, ends, others, positive_ends)
    else:
        like = Likeness(*(np.full(pairs.height, np.nan, np.float32) for _ in range(2)))
    return compute.likeness_table(pairs, like)
