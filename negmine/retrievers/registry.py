"""Which retriever a name means."""

from __future__ import annotations

from negmine.config.naming import is_plugin
from negmine.config.resolved import ResolvedConfig, RetrieverInfo
from negmine.config.settings import IndexSettings
from negmine.engine.context import Context
from negmine.errors import SettingsError
from negmine.retrievers.base import RetrieverType, VectorRetriever
from negmine.retrievers.bm25.artifacts import BM25
from negmine.retrievers.dense.artifacts import DENSE
from negmine.retrievers.own import own_type

RETRIEVERS: dict[str, RetrieverType] = {one.name: one for one in (BM25, DENSE)}


def entries(spec: str, index: IndexSettings) -> tuple[RetrieverType, ...]:
    """Return the entries of what --retriever names: one, or one for each model.

    Raises SettingsError for a name that is none.
    """
    if spec in RETRIEVERS:
        kind = RETRIEVERS[spec]
        return (kind,) if kind.several is None else kind.several(index)
    if not is_plugin(spec):
        raise SettingsError(
            f"--retriever {spec}: no such retriever. There are {', '.join(RETRIEVERS)}, or "
            "package.module:factory for your own."
        )
    return (own_type(spec),)


def infos(spec: str, index: IndexSettings) -> list[RetrieverInfo]:
    """Return what other packages may know of the retrievers that --retriever names."""
    return [
        RetrieverInfo(
            spec, kind.name, kind.open_vectors is not None, kind.score_kind, spec not in RETRIEVERS
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
