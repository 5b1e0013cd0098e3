"""Which retriever a name means."""

from __future__ import annotations

from negmine.config.entry_points import registered
from negmine.config.naming import is_plugin, nearest
from negmine.config.resolved import ResolvedConfig, RetrieverInfo
from negmine.config.runs import is_run, run_file
from negmine.config.settings import IndexSettings
from negmine.engine.context import Context
from negmine.errors import SettingsError
from negmine.retrievers.base import RetrieverType, VectorRetriever
from negmine.retrievers.bm25.artifacts import BM25
from negmine.retrievers.dense.artifacts import DENSE
from negmine.retrievers.late.artifacts import LATE
from negmine.retrievers.neighbours.artifacts import NEIGHBOURS
from negmine.retrievers.own import own_type
from negmine.retrievers.run.artifacts import run_type
from negmine.retrievers.run.given import GIVEN
from negmine.retrievers.sparse.artifacts import SPARSE

RETRIEVERS: dict[str, RetrieverType] = {
    one.name: one for one in (BM25, DENSE, SPARSE, LATE, NEIGHBOURS, GIVEN)
}


def entries(spec: str, index: IndexSettings) -> tuple[RetrieverType, ...]:
    """Return the entries of what --retriever names: one, or one for each model.

    Raises SettingsError for a name that is none.
    """
    if spec in RETRIEVERS:
        kind = RETRIEVERS[spec]
        return (kind,) if kind.several is None else kind.several(index)
    if is_run(spec):
        return (run_type(run_file(spec)),)
    if not is_plugin(spec):
        names = [*RETRIEVERS, *registered("retriever")]
        raise SettingsError(
            f"--retriever {spec}: no such retriever.{nearest(spec, names)} There are {', '.join(names)}, or "
            "package.module:factory for your own."
        )
    return (own_type(spec),)


def infos(spec: str, index: IndexSettings) -> list[RetrieverInfo]:
    """Return what other packages may know of the retrievers that --retriever names."""
    return [
        RetrieverInfo(
            spec,
            kind.name,
            kind.open_vectors is not None,
            kind.score_kind,
            is_plugin(spec),
            kind.evidence,
        )
        for kind in entries(spec, index)
    ]


def type_of(one: RetrieverInfo, config: ResolvedConfig) -> RetrieverType:
    """Return the entry of one of a configuration's retrievers."""
    return next(kind for kind in entries(one.spec, config.index) if kind.name == one.name)


def types(config: ResolvedConfig) -> list[RetrieverType]:
    """Return the entries of a configuration's retrievers, in the order their artifacts are made."""
    return sorted((type_of(one, config) for one in config.retrievers), key=lambda kind: kind.last)


def open_vectors(context: Context) -> VectorRetriever:
    """Open the retriever that has vectors; there must be one."""
    chosen = context.config.vector_retriever
    assert chosen is not None
    opener = type_of(chosen, context.config).open_vectors
    assert opener is not None
    return opener(context)
