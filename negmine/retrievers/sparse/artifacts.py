"""Sparse retrieval in the plan: its index, its run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from negmine.config.resolved import ResolvedConfig
from negmine.data import schemas
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.engine.progress import OnlyNotes
from negmine.engine.tasks import Folder, Parts
from negmine.errors import SettingsError
from negmine.models.encoder import check_devices
from negmine.models.sparse import SparseEncoder
from negmine.retrievers import search
from negmine.retrievers.base import RetrieverType, ScoreTexts, SearchTexts
from negmine.retrievers.encoding import Encoders, Encoding, cached_rows
from negmine.retrievers.sparse import cost, texts
from negmine.retrievers.sparse.build import build
from negmine.retrievers.sparse.retriever import Sparse
from negmine.storage.layout import CORPUS, QRELS, QUERIES, VECTORS, short_name
from negmine.storage.vectors import count_encoded

NAME = "sparse"
INDEX, RUN = f"1-index/{NAME}", f"2-retrieve/{NAME}"


def _index(config: ResolvedConfig) -> str:
    return f"{INDEX}-{short_name(str(config.index.sparse_model))}"


def _run(config: ResolvedConfig) -> str:
    return f"{RUN}-{short_name(str(config.index.sparse_model))}"


def _artifacts(context: Context, runs: Sequence[str]) -> Iterable[Artifact]:
    config = context.config
    yield Artifact(
        _index(config), None, (CORPUS, QUERIES, QRELS), partial(_shaping, context), _make_index,
        begun=partial(_begun, context), uses=("sparse_model",),
        check=partial(check_devices, config.index),
    )  # fmt: skip
    yield Artifact(
        _run(config), schemas.RUN, (_index(config), QUERIES, QRELS), lambda: _searched(config),
        _make_run,
    )  # fmt: skip


def _encoder(context: Context) -> SparseEncoder:
    return SparseEncoder(context.config.index, context.work.digest)


def _shaping(context: Context) -> dict[str, Any]:
    """Return what shapes the index; a model counts by its files."""
    encoder = _encoder(context)
    return {
        "model": encoder.fingerprint,
        "dtype": encoder.dtype,
        "query_prompt": encoder.prompt("query"),
        "document_prompt": encoder.prompt("document"),
    }


def _searched(config: ResolvedConfig) -> dict[str, Any]:
    """Return what shapes the run."""
    retrieve = config.retrieve
    pruned = retrieve.sparse_query_terms
    return {"k": retrieve.k, **({} if pruned is None else {"sparse_query_terms": pruned})}


def _begun(context: Context) -> str:
    encoder = _encoder(context)
    identities = [encoder.identity("document"), encoder.identity("query")]
    return count_encoded(context.work.root / VECTORS, identities)


def _make_index(context: Context) -> Folder:
    encoder = _encoder(context)

    def make(folder: Path) -> dict[str, Any]:
        store = context.work.cache(VECTORS)
        stats = build(
            context.corpus.documents, context.queries.tables, folder, encoder, store,
            OnlyNotes(context.progress),
        )  # fmt: skip
        return {"model": context.config.index.sparse_model, **stats}

    both: Encoders = {"document": encoder, "query": encoder}
    return Folder(make, Encoding(context, _index(context.config), both).steps())


def _open(context: Context) -> Sparse:
    folder, config = context.work.opened(_index(context.config)), context.config
    return Sparse(folder, context.corpus.doc_order(), config.retrieve.sparse_query_terms)


def _score_texts(context: Context) -> ScoreTexts:
    return texts.scoring(_open(context), cached_rows(context, _encoder(context), "document"))


def _search_texts(context: Context) -> SearchTexts:
    return texts.searching(_open(context), cached_rows(context, _encoder(context), "query"))


def _make_run(context: Context) -> Parts:
    return search.run(context, _open, ordered=True)


def _check(config: ResolvedConfig) -> None:
    if NAME in config.index.retriever and config.index.sparse_model is None:
        raise SettingsError(
            "--retriever sparse has no model. Give --sparse-model, a folder or a hub name."
        )


SPARSE = RetrieverType(
    name=NAME,
    check=_check,
    costs=lambda context, amounts: cost.costs(_index(context.config), context, amounts),
    artifacts=_artifacts,
    run=_run,
    indexes=lambda context: (_index(context.config),),
    open=_open,
    ordered=True,
    score_kind="sum",
    model=lambda config: config.index.sparse_model,
    score_texts=_score_texts,
    search_texts=_search_texts,
)
