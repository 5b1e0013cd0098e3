"""A user's own retriever: `--retriever package.module:factory`.

The factory is called with a function that yields the documents' tables, and with the options that
`--retriever-option` gives. A factory with a `build` keeps an index of its own in the work directory:
`build(documents, folder, **options)` returns numbers for the manifest, and the factory is then called
with that folder instead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.json_text import parsed
from negmine.config.naming import plugin_name
from negmine.config.plugins import load_plugin
from negmine.config.resolved import ResolvedConfig
from negmine.data import schemas
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.engine.tasks import Folder, Parts
from negmine.errors import RetrieverError, SettingsError
from negmine.retrievers import search
from negmine.retrievers.base import Hits, Retriever, RetrieverType
from negmine.storage.layout import CORPUS, QRELS, QUERIES

FLAG = "--retriever"
STAGES_OF_OWN = ("1-index", "2-retrieve")


def own_type(spec: str) -> RetrieverType:
    """Return the entry of a user's retriever."""
    name = plugin_name(spec)
    if not name.isidentifier():
        raise SettingsError(
            f"{FLAG} {spec!r}: behind the last colon stands the name of a factory in Python, or another of "
            "letters, digits and _. Columns and folders are called after it."
        )
    run = f"2-retrieve/{name}"
    return RetrieverType(
        name=name,
        check=partial(_check, name),
        artifacts=partial(_artifacts, spec),
        run=lambda config: run,
        indexes=lambda context: (_index(name),) if _builds(spec, context) else (CORPUS,),
        open=partial(open_own, spec),
        search_texts=lambda context: open_own(spec, context).search,
    )


def options(config: ResolvedConfig, name: str) -> dict[str, Any]:
    """Return what --retriever-option gives a retriever: keyword to value, JSON where it reads as JSON.

    Raises SettingsError for an option that is not NAME.KEY=VALUE.
    """
    values = {}
    for option in config.index.retriever_option:
        place, equals, text = option.partition("=")
        owner, dot, key = place.partition(".")
        if not equals or not dot or not key.isidentifier():
            raise SettingsError(f"--retriever-option {option}: give NAME.KEY=VALUE.")
        if owner == name:
            try:
                values[key] = parsed(text)
            except ValueError:
                values[key] = text
    return values


def _check(name: str, config: ResolvedConfig) -> None:
    options(config, name)


def _index(name: str) -> str:
    return f"1-index/{name}"


def _builds(spec: str, context: Context) -> bool:
    """Tell whether it keeps an index.

    Commands that make its artifacts ask the package. All others import nothing: the manifests tell it.
    """
    if {"index", "retrieve"} & set(context.makes):
        with suppress(SettingsError):  # it is not installed any more
            return hasattr(load_plugin(spec, FLAG), "build")
    index, run = (context.work.manifest(f"{at}/{plugin_name(spec)}") for at in STAGES_OF_OWN)
    return index is not None if run is None else _index(plugin_name(spec)) in run.inputs


def _artifacts(spec: str, context: Context, runs: Sequence[str]) -> Iterable[Artifact]:
    name = plugin_name(spec)
    chosen = options(context.config, name)
    shaping = {"factory": spec, **({"options": chosen} if chosen else {})}
    reads: tuple[str, ...] = (CORPUS,)
    if _builds(spec, context):
        reads = (_index(name),)
        yield Artifact(
            _index(name), None, (CORPUS,), lambda: shaping, partial(_build_index, spec=spec)
        )
    yield Artifact(
        f"2-retrieve/{name}", schemas.RUN, (*reads, QUERIES, QRELS),
        lambda: {"k": context.config.retrieve.k, **shaping},
        partial(_run, spec=spec),
    )  # fmt: skip


def _build_index(context: Context, spec: str) -> Folder:
    def make(folder: Path) -> dict[str, Any]:
        factory, chosen = load_plugin(spec, FLAG), options(context.config, plugin_name(spec))
        stats = _called(spec, "build", factory.build, context.corpus.documents, folder, **chosen)
        return {"documents": len(context.corpus), **(stats or {})}

    return Folder(make)


def _run(context: Context, spec: str) -> Parts:
    return search.run(context, partial(open_own, spec), ordered=False)


_lock = Lock()
_open: list[tuple[tuple[str, ...], Retriever]] = []  # the one that this process has open


def open_own(spec: str, context: Context) -> Retriever:
    """Open a user's retriever; a command opens it once, for its run and for `candidates`."""
    name = plugin_name(spec)
    chosen = options(context.config, name)
    reads = _index(name) if _builds(spec, context) else CORPUS
    identity = context.work.require(reads).identity
    key = (context.work.name, spec, json.dumps(chosen, default=str), identity)
    with _lock:
        for opened, retriever in _open:
            if opened == key:
                return retriever
        source: Any = context.corpus.documents
        if _builds(spec, context):
            source = context.work.opened(_index(name))
        made = load_plugin(spec, FLAG)(source, **chosen)
        checked = Checked(made, spec, lambda: len(context.corpus))
        _open[:] = [(key, checked)]
        return checked


def _called(spec: str, what: str, function: Callable[..., Any], *values: Any, **named: Any) -> Any:
    try:
        return function(*values, **named)
    except Exception as error:
        raise RetrieverError(f"{FLAG} {spec}: {what}: {type(error).__name__}: {error}") from error


class Checked:
    """A user's retriever whose hits are checked. Implements `Retriever`."""

    def __init__(self, retriever: Any, spec: str, documents: Callable[[], int]) -> None:
        self._retriever, self._spec, self._documents = retriever, spec, documents
        self.name = plugin_name(spec)
        self.can_score = hasattr(retriever, "score_pairs")

    def search(self, queries: pa.Table, k: int) -> Hits:
        """Search; raise RetrieverError for hits that are no `Hits` of this many queries and documents."""
        spec = self._spec
        try:
            docs, scores = self._retriever.search(queries, k)
            hits = Hits(np.asarray(docs, np.int64), np.asarray(scores, np.float32))
        except Exception as error:
            raise RetrieverError(f"{FLAG} {spec}: {type(error).__name__}: {error}") from error
        fault = _fault(hits, queries.num_rows, self._documents())
        if fault:
            raise RetrieverError(f"{FLAG} {spec}: search returned {fault}.")
        return hits

    def score_pairs(
        self, queries: pa.Table, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score pairs, as the user's retriever does."""
        scores: NDArray[np.float32] = self._retriever.score_pairs(queries, rows, docs)
        return scores


def _fault(hits: Hits, queries: int, documents: int) -> str | None:
    if hits.docs.shape != hits.scores.shape or hits.docs.ndim != 2 or len(hits.docs) != queries:
        return f"docs {hits.docs.shape} and scores {hits.scores.shape} for {queries} queries"
    is_hit = hits.docs >= 0
    if hits.docs.max(initial=-1) >= documents:
        return f"document {hits.docs.max()}, but there are {documents}, counted from 0"
    if not np.isfinite(hits.scores[is_hit]).all():
        return "a score that is not finite"
    ordered = np.sort(hits.docs, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        return "a document twice for one query"
    return None
