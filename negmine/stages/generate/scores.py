"""Task of `candidates`: written documents are scored as retrieved ones are, and join the candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.engine.context import Context
from negmine.engine.tasks import DRIVER, Parts, once
from negmine.errors import InputError, SettingsError
from negmine.retrievers.base import ScoreTexts
from negmine.retrievers.registry import type_of
from negmine.stages.generate import compute, sharing
from negmine.stages.generate.writing import WRITTEN
from negmine.storage.layout import CANDIDATES, GENERATED

QUERIES_AT_ONCE = 1_024  # for which documents of other queries are in memory together
Scorers = Mapping[str, Callable[[], ScoreTexts | None]]


def candidates(context: Context) -> Parts:
    """The candidates of stage retrieve, and behind those of each query what a model wrote for it.

    With --share-generated also what it wrote for others, as far as it is near to the query. Raises InputError
    where the corpus has a document of the same doc_id, SettingsError where documents are to be shared and no
    retriever can score one.
    """
    config = context.config
    kinds = {one.name: type_of(one, config) for one in config.retrievers}
    scorers = {
        name: once(partial(kind.score_texts, context) if kind.score_texts else lambda: None)
        for name, kind in kinds.items()
    }
    others = once(partial(_others, context))

    def make(part: int) -> pa.Table:
        queries, written = context.queries.mined(part), written_documents(context, part)
        _refuse_taken(context, written)
        rows = _scored(scorers, queries, written)
        retrieved = context.work.read(CANDIDATES, part)
        if config.shares_generated:
            _require_scores(scorers)
            shared = _shared(context, queries, retrieved, written, scorers, *others())
            own = rows.with_columns(written_for="query_id")
            rows = pl.concat([own, *shared], how="diagonal")
        return compute.joined(retrieved, rows, list(kinds))

    return Parts(context.queries.parts(), make, place=DRIVER)


def _scored(scorers: Scorers, queries: pl.DataFrame, written: pl.DataFrame) -> pl.DataFrame:
    """Return `written` with `<retriever>_score`, float32; null where the retriever cannot tell."""
    rows, texts = _rows(queries, written), written["text"].to_list()
    scores: dict[str, pl.Series] = {}
    for name, opened in scorers.items():
        score = opened()
        values = np.full(written.height, np.nan, np.float32)
        if score is not None:
            values = score(queries.to_arrow(), rows, texts)
        scores[f"{name}_score"] = pl.Series(values).fill_nan(None)
    return written.with_columns(**scores)


def _rows(queries: pl.DataFrame, written: pl.DataFrame) -> NDArray[np.int64]:
    """Return the row in `queries` of each written document's query, int64."""
    places = queries.select("query_id").with_row_index("row")
    joined = written.join(places, on="query_id", how="left", maintain_order="left")
    return joined["row"].cast(pl.Int64).to_numpy()


def _others(context: Context) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return all positives of queries that a model wrote for, and all that it wrote, without texts."""
    is_written = pl.col("outcome") == WRITTEN
    columns = ("query_id", "doc_id", "text_key", "origin")
    written = context.work.scan(GENERATED).filter(is_written).select(columns).collect()
    positives = context.queries.all_positives()
    return positives.join(written, on="query_id", how="semi"), written


def _shared(
    context: Context,
    queries: pl.DataFrame,
    retrieved: pl.DataFrame,
    own: pl.DataFrame,
    scorers: Scorers,
    positives: pl.DataFrame,
    written: pl.DataFrame,
) -> Iterator[pl.DataFrame]:
    """Yield what was written for other queries, and becomes a candidate of these; with scores."""
    for some in queries.iter_slices(QUERIES_AT_ONCE):
        here = retrieved.join(some, on="query_id", how="semi", maintain_order="left")
        documents = sharing.tried(here, own, positives, written)
        texts = texts_of(context, documents["doc_id"])
        with_texts = documents.join(texts, on="doc_id", how="left", maintain_order="left")
        yield sharing.among_hits(here, _scored(scorers, queries, with_texts), list(scorers))


def _require_scores(scorers: Scorers) -> None:
    if not any(opened() for opened in scorers.values()):
        raise SettingsError(
            "--share-generated: no retriever in use can score a document that is in no index, so none is known "
            "to be near to another query. Leave it out, or retrieve with bm25 or a model, too."
        )


def written_documents(context: Context, part: int) -> pl.DataFrame:
    """Return query_id, doc_id, text, text_key, origin of what a model wrote for the queries of a part."""
    rows = context.work.read(GENERATED, part).filter(pl.col("outcome") == WRITTEN)
    return rows.select("query_id", "doc_id", "text", "text_key", "origin")


def texts_of(context: Context, doc_ids: pl.Series) -> pl.DataFrame:
    """Return doc_id, text of some written documents, each once."""
    wanted = doc_ids.unique().to_frame("doc_id").lazy()
    rows = context.work.scan(GENERATED).select("doc_id", "text").drop_nulls("doc_id")
    return rows.join(wanted, on="doc_id", how="semi").collect(engine="streaming")


def _refuse_taken(context: Context, written: pl.DataFrame) -> None:
    ids = context.corpus.doc_ids().to_frame("doc_id")
    taken = written.join(ids, on="doc_id", how="semi")
    if taken.height:
        raise InputError(
            f"The corpus has a document {taken['doc_id'][0]!r}, as a written document is called. Give the "
            "documents of the corpus other ids."
        )
