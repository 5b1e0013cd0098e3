"""Which retriever a name means."""

from __future__ import annotations

from negmine.config.entry_points import registered
from negmine.config.naming import is_plugin, nearest
from negmine.config.resolved import ResolvedConfig, RetrieverInfo
from negmine.config.runs import is_run, run_file
from negmine.engine.context import Context
from negmine.engine.plugins import plugin_name
from negmine.errors import SettingsError
from negmine.retrievers.base import RetrieverType, VectorRetriever
from negmine.retrievers.bm25.artifacts import BM25
from negmine.retrievers.dense.artifacts import DENSE
from negmine.retrievers.neighbours.artifacts import NEIGHBOURS
from negmine.retrievers.own import own_type
from negmine.retrievers.run.artifacts import run_type

RETRIEVERS: dict[str, RetrieverType] = {one.name: one for one in (BM25, DENSE, NEIGHBOURS)}

# What columns and folders are called already, or begin with: artifacts, scorers, words of --order and --score.
TAKEN = (
    "corpus", "queries", "qrels", "shingles", "candidates", "rerank", "guide", "risk", "judge",
    "positive", "teacher", "fused", "auto", "none",
)  # fmt: skip


def type_of(spec: str) -> RetrieverType:
    """Return the entry of a retriever; raise SettingsError for a name that is none."""
    if spec in RETRIEVERS:
        return RETRIEVERS[spec]
    if is_run(spec):
        run = run_file(spec)
        _check_free(run.name, f"--run {run}")
        return run_type(run)
    if not is_plugin(spec):
        names = [*RETRIEVERS, *registered("retriever")]
        raise SettingsError(
            f"--retriever {spec}: no such retriever.{nearest(spec, names)} There are {', '.join(names)}, or "
            "package.module:factory for your own."
        )
    _check_free(plugin_name(spec), f"--retriever {spec}")
    return own_type(spec)


def _check_free(name: str, given: str) -> None:
    """Raise SettingsError for a name that columns or folders of negmine's own have."""
    if name in RETRIEVERS or name.partition("_")[0] in TAKEN:
        raise SettingsError(f"{given}: negmine uses the name {name} itself. Choose another.")


def info(spec: str) -> RetrieverInfo:
    """Return what other packages may know of a retriever."""
    kind = type_of(spec)
    return RetrieverInfo(
        spec, kind.name, kind.open_vectors is not None, kind.score_kind, is_plugin(spec)
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
