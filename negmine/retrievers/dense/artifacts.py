"""Dense retrieval in the plan: vectors, a FAISS index over them, the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from negmine.config.resolved import ResolvedConfig
from negmine.data import schemas
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.retrievers.base import RetrieverType
from negmine.retrievers.dense import approximate, checks, names, tasks, trial, vectors
from negmine.retrievers.dense.open import open_dense
from negmine.storage.layout import CORPUS, QRELS, QUERIES, VECTORS
from negmine.storage.vectors import count_encoded


def _artifacts(context: Context, runs: Sequence[str]) -> Iterable[Artifact]:
    """Yield vectors, an index if one is wanted, and the run. runs: of the retrievers before this one."""
    config = context.config
    only_candidates = config.index.dense_scope == "candidates"
    yield from _vectors(context, tuple(runs) if only_candidates else ())
    yield from _searches(context)


def _vectors(context: Context, runs: tuple[str, ...]) -> Iterable[Artifact]:
    config, digest = context.config, context.work.digest
    store = context.work.root / VECTORS
    yield Artifact(
        names.vectors(config), None, (CORPUS, QUERIES, QRELS, *runs),
        lambda: vectors.identity(config.index, digest),
        partial(tasks.vectors, runs=runs),
        begun=lambda: count_encoded(store, vectors.encoders(config.index, digest)),
        uses=("model", "model_url", "query_vectors", "document_vectors"),
        check=lambda: vectors.check_machine(config.index),
    )  # fmt: skip
    if config.index.index != approximate.FLAT:
        yield Artifact(
            names.faiss(config), None, (names.vectors(config),),
            lambda: {"index": config.index.index}, tasks.faiss_index,
            check=lambda: _check_index(config),
        )  # fmt: skip


def _check_index(config: ResolvedConfig) -> None:
    approximate.faiss_or_error()
    trial.check(config.index.index, config.retrieve.faiss_parameters)


def _searches(context: Context) -> Iterable[Artifact]:
    """Yield the run; beside an exact one what it searched, before another what its FAISS index misses."""
    config = context.config
    reads: tuple[str, ...] = (names.vectors(config), QUERIES, QRELS)
    settings = _shaping(config)
    exact = config.index.index == approximate.FLAT
    if not exact:
        reads = (names.faiss(config), names.recall(config), *reads)
        yield Artifact(
            names.recall(config), schemas.RECALL, (names.faiss(config), names.vectors(config)),
            lambda: settings, tasks.recall, tasks.count_recall,
            check=lambda: _check_index(config),
        )  # fmt: skip
    yield Artifact(
        names.run(config), schemas.RUN, reads, lambda: settings, tasks.run,
        check=lambda: vectors.check_machine(config.index),
    )  # fmt: skip
    if exact:
        yield Artifact(
            names.searched(config), schemas.SEARCHED, (names.vectors(config), QUERIES, QRELS),
            dict, tasks.searched,
        )  # fmt: skip


def _shaping(config: ResolvedConfig) -> dict[str, Any]:
    """Return what shapes the run: its depth, and how hard a FAISS index looks."""
    index, retrieve = config.index, config.retrieve
    if index.index == approximate.FLAT:
        return {"k": retrieve.k}
    return {
        "k": retrieve.k, "index": index.index, "nprobe": retrieve.nprobe,
        "ef_search": retrieve.ef_search,
    }  # fmt: skip


DENSE = RetrieverType(
    name=checks.NAME,
    check=checks.check,
    artifacts=_artifacts,
    run=names.run,
    indexes=lambda context: (names.vectors(context.config),),
    open=open_dense,
    ordered=True,
    last=True,
    score_kind="cosine",
    open_vectors=open_dense,
    model=lambda config: config.index.model,
    families=names.FAMILIES,
    encoded=names.ENCODED,
)
