"""Tasks of `candidates` and `likeness`: written documents are scored and compared as retrieved ones are."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.shingles import sets_of, shingle_column
from negmine.data.shingles.words import normalise_all
from negmine.data.similarity import Likeness, likeness
from negmine.engine.context import Context
from negmine.engine.tasks import DRIVER, Parts, once
from negmine.errors import InputError
from negmine.retrievers.registry import type_of
from negmine.stages.generate import compute
from negmine.stages.generate.writing import WRITTEN
from negmine.storage.layout import CANDIDATES, GENERATED


def candidates(context: Context) -> Parts:
    """The candidates of stage retrieve, and behind those of each query what a model wrote for it.

    Raises InputError where the corpus has a document of the same doc_id.
    """
    config = context.config
    kinds = {one.name: type_of(one, config) for one in config.retrievers}
    scorers = {
        name: None if kind.score_texts is None else once(partial(kind.score_texts, context))
        for name, kind in kinds.items()
    }

    def make(part: int) -> pa.Table:
        queries, written = context.queries.mined(part), written_documents(context, part)
        _refuse_taken(context, written)
        rows = _rows(queries, written)
        scores = {}
        for name, opened in scorers.items():
            score = None if opened is None else opened()
            if score is None:
                scores[name] = np.full(written.height, np.nan, np.float32)
            else:
                scores[name] = score(queries.to_arrow(), rows, written["text"].to_list())
        retrieved = context.work.read(CANDIDATES, part)
        return compute.joined(retrieved, written, scores, list(kinds))

    return Parts(context.queries.parts(), make, place=DRIVER)


def _rows(queries: pl.DataFrame, written: pl.DataFrame) -> NDArray[np.int64]:
    """Return the row in `queries` of each written document's query, int64."""
    places = queries.select("query_id").with_row_index("row")
    joined = written.join(places, on="query_id", how="left", maintain_order="left")
    return joined["row"].cast(pl.Int64).to_numpy()


def written_documents(context: Context, part: int) -> pl.DataFrame:
    """Return query_id, doc_id, text, origin of what a model wrote for the queries of a part."""
    rows = context.work.read(GENERATED, part).filter(pl.col("outcome") == WRITTEN)
    return rows.select("query_id", "doc_id", "text", "origin")


def _refuse_taken(context: Context, written: pl.DataFrame) -> None:
    ids = context.corpus.doc_ids().to_frame("doc_id")
    taken = written.join(ids, on="doc_id", how="semi")
    if taken.height:
        raise InputError(
            f"The corpus has a document {taken['doc_id'][0]!r}, as a written document is called. Give the "
            "documents of the corpus other ids."
        )


def compared(context: Context) -> Parts:
    """How like each written document is to the known positives of its query.

    By the vectors of the first retriever that has them, else by word 3-grams; null where vectors were brought
    along, and no model can make one of a new text.
    """
    chosen = context.config.vector_retriever
    kind = None if chosen is None else type_of(chosen, context.config)

    encoder = once(
        lambda: None if kind is None or kind.text_vectors is None else kind.text_vectors(context)
    )

    def make(part: int) -> pa.Table:
        written = written_documents(context, part)
        positives = context.queries.positives(part)
        own, ends, positive_ends = compute.pairs_of(written, positives)
        texts = dict(context.corpus.texts(own["doc_id"]).iter_rows())
        positive_texts = [texts[name] for name in own["doc_id"]]
        both = [*written["text"], *positive_texts]
        docs, others = np.arange(written.height), np.arange(written.height, len(both))
        if kind is None:
            sets = sets_of(shingle_column(normalise_all(pl.Series(both, dtype=pl.String))))
            like = sets.likeness(docs, ends, others, positive_ends)
        elif (encode := encoder()) is not None and both:
            like = likeness(encode(both), docs, ends, others, positive_ends)
        else:
            like = Likeness(*(np.full(written.height, np.nan, np.float32) for _ in range(2)))
        return compute.likeness_table(written, like)

    return Parts(context.queries.parts(), make, place=DRIVER)
