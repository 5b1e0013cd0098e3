"""Which retriever a name means."""

from __future__ import annotations

from negmine.config.naming import is_plugin
from negmine.config.resolved import ResolvedConfig, RetrieverInfo
from negmine.engine.context import Context
from negmine.errors import SettingsError
from negmine.retrievers.base import RetrieverType, VectorRetriever
from negmine.retrievers.bm25.artifacts import BM25
from negmine.retrievers.dense.artifacts import DENSE
from negmine.retrievers.late.artifacts import LATE
from negmine.retrievers.own import own_type
from negmine.retrievers.sparse.artifacts import SPARSE

RETRIEVERS: dict[str, RetrieverType] = {one.name: one for one in (BM25, DENSE, LATE, SPARSE)}


def type_of(spec: str) -> RetrieverType:
    """Return the entry of a retriever; raise SettingsError for a name that is none."""
    if spec in RETRIEVERS:
        return RETRIEVERS[spec]
    if not is_plugin(spec):
        raise SettingsError(
            f"--retriever {spec}: no such retriever. There are {', '.join(RETRIEVERS)}, or "
            "package.module:factory for your own."
        )
    return own_type(spec)


def info(spec: str) -> RetrieverInfo:
    """Return what other packages may know of a retriever."""
    kind = type_of(spec)
    return RetrieverInfo(
        spec, kind.name, kind.open_vectors is not None, kind.score_kind, spec not in RETRIEVERS
    )


def types(config: ResolvedConfig) -> list[RetrieverType]:
    """Return the entries of a configuration's retrievers, in the order their artifacts are made."""
    return sorted((type_of(one.spec) for one in config.retrievers), key=lambda kind: kind.last)


def open_vectors(context: Context) -> VectorRetriever:
    """Open the retriever that has vectors; there must be one."""
    chosen = context.config.vector_retriever
    assert chosen is not None
    opener = type_of(chosen.spec).open_vectors
    assert opener is not None
    return opener(context)
