"""Dense retrieval in the plan: vectors, a FAISS index or bits over them, the run; of each --model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from negmine.config.dense import DenseModel, dense_models
from negmine.config.resolved import ResolvedConfig
from negmine.config.rounds import is_earlier
from negmine.config.settings import IndexSettings
from negmine.config.settings.index import BINARY, FLAT
from negmine.data import schemas
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.retrievers import recall
from negmine.retrievers.base import Data, RetrieverType
from negmine.retrievers.dense import checks, cost, given, names, tasks, texts, vectors
from negmine.retrievers.dense.binary import RESCORE
from negmine.retrievers.dense.open import open_dense
from negmine.retrievers.faiss_index import trial
from negmine.retrievers.faiss_index.module import faiss_or_error
from negmine.retrievers.faiss_index.trial import Wanted
from negmine.storage.layout import CORPUS, QRELS, QUERIES, VECTORS
from negmine.storage.vectors import count_encoded

_USES = ("model", "query_model", "model_url", "query_vectors", "document_vectors")


def _artifacts(model: DenseModel, context: Context, runs: Sequence[str]) -> Iterable[Artifact]:
    """Yield vectors, an index if one is wanted, and the run. runs: of the retrievers before this one."""
    index = context.config.index
    only_candidates = index.dense_scope == "candidates"
    dense = {names.run(index, one) for one in dense_models(index)}
    others = tuple(run for run in runs if run not in dense)
    yield from _vectors(model, context, others if only_candidates else ())
    yield from _searches(model, context)


def _vectors(model: DenseModel, context: Context, runs: tuple[str, ...]) -> Iterable[Artifact]:
    config, digest = context.config, context.work.digest
    index, store = config.index, context.work.root / VECTORS
    made = names.vectors(index, model)
    yield Artifact(
        made, None, (CORPUS, QUERIES, QRELS, *runs),
        lambda: vectors.identity(model, index, context.work),
        partial(tasks.vectors, model=model, runs=runs),
        begun=lambda: count_encoded(store, vectors.encoder_identities(model, index, digest)),
        uses=("earlier_model",) if is_earlier(model.name) else _USES,
        quick=index.document_vectors is not None,
        check=lambda: vectors.check_machine(index),
    )  # fmt: skip
    if index.index != FLAT:
        yield Artifact(
            names.approximate(index, model), None, (made,),
            lambda: {"index": index.index}, partial(tasks.index_over, model=model),
            check=lambda: _check_index(config),
        )  # fmt: skip


def _check_index(config: ResolvedConfig) -> None:
    faiss_or_error()
    if config.index.index == BINARY:
        return
    trial.check(Wanted(config.index.index), config.retrieve.faiss_parameters)


def _searches(model: DenseModel, context: Context) -> Iterable[Artifact]:
    """Yield the run; beside an exact one what it searched, before another what its index misses."""
    config, index = context.config, context.config.index
    made = names.vectors(index, model)
    reads: tuple[str, ...] = (made, QUERIES, QRELS)
    settings = _shaping(config)
    exact = index.index == FLAT
    if not exact:
        over, missed = names.approximate(index, model), names.recall(index, model)
        reads = (over, missed, *reads)
        yield Artifact(
            missed, schemas.RECALL, (over, made),
            lambda: settings, partial(tasks.recall, model=model), recall.count,
            check=lambda: _check_index(config),
        )  # fmt: skip
    yield Artifact(
        names.run(index, model), schemas.RUN, reads, lambda: settings, partial(tasks.run, model=model),
        check=lambda: vectors.check_machine(index),
    )  # fmt: skip
    if exact:
        yield Artifact(
            names.searched(index, model), schemas.SEARCHED, (made, QUERIES, QRELS),
            dict, partial(tasks.searched, model=model),
        )  # fmt: skip


def _shaping(config: ResolvedConfig) -> dict[str, Any]:
    """Return what shapes the run: its depth, and how hard an index looks."""
    index, retrieve = config.index, config.retrieve
    if index.index == FLAT:
        return {"k": retrieve.k}
    if index.index == BINARY:
        return {"k": retrieve.k, "index": BINARY, "rescore": retrieve.rescore or RESCORE}
    return {
        "k": retrieve.k, "index": index.index, "nprobe": retrieve.nprobe,
        "ef_search": retrieve.ef_search,
    }  # fmt: skip


def _check_data(context: Context, data: Data) -> None:
    """Refuse vectors that the user brought, of another width or number of rows; reads no more than it must."""
    index, places = context.config.index, context.work.remote
    if index.document_vectors is None:
        return
    given.check_widths(index, places)
    if index.on_error == "stop":
        given.check_rows(index, data.documents, data.queries, places)


def dense_types(index: IndexSettings) -> tuple[RetrieverType, ...]:
    """Return the entry of each --model."""
    return tuple(map(_of_model, dense_models(index)))


def _of_model(model: DenseModel) -> RetrieverType:
    opened = partial(open_dense, model=model)
    queries = model.queries.model if model.has_query_model else None
    return RetrieverType(
        name=model.name,
        check=checks.check,
        check_data=_check_data,
        costs=partial(cost.costs, model),
        artifacts=partial(_artifacts, model),
        run=lambda config: names.run(config.index, model),
        indexes=lambda context: (names.vectors(context.config.index, model),),
        open=opened,
        ordered=True,
        last=1,
        score_kind="cosine",
        open_vectors=opened,
        score_texts=partial(texts.score_texts, model=model),
        text_vectors=partial(texts.text_vectors, model=model),
        search_texts=partial(texts.search_texts, model=model),
        model=lambda config: model.documents.model,
        query_model=lambda config: queries,
    )


DENSE = replace(_of_model(dense_models(IndexSettings())[0]), several=dense_types)
