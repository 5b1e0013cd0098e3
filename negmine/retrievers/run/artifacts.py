"""A finished run in the plan: its checked rows, its run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from negmine.config.addresses import Address
from negmine.config.places import check_regular
from negmine.config.resolved import ResolvedConfig
from negmine.config.runs import RunFile
from negmine.data import schemas
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.engine.tasks import Folder, Parts
from negmine.retrievers import search
from negmine.retrievers.base import Data, Retriever, RetrieverType
from negmine.retrievers.run.build import build, check_ids
from negmine.retrievers.run.retriever import FinishedRun
from negmine.storage.layout import CORPUS, QRELS, QUERIES


def run_type(run: RunFile) -> RetrieverType:
    """Return the entry of a run that --run names."""
    return RetrieverType(
        name=run.name,
        check=_check,
        check_data=partial(_check_data, run),
        artifacts=partial(_artifacts, run),
        run=lambda config: _run_of(run),
        indexes=lambda context: (_index_of(run),),
        open=partial(_open, run),
        ordered=True,
    )


def _check(config: ResolvedConfig) -> None:
    pass


def _check_data(run: RunFile, context: Context, data: Data) -> None:
    check_ids(context, run.path, data.query_ids(), data.doc_ids())


def _index_of(run: RunFile) -> str:
    return f"1-index/{run.name}"


def _run_of(run: RunFile) -> str:
    return f"2-retrieve/{run.name}"


def _artifacts(run: RunFile, context: Context, runs: Sequence[str]) -> Iterable[Artifact]:
    def shaping() -> dict[str, Any]:
        if not isinstance(run.path, Address):
            check_regular(run.path)
        on_error = context.config.index.on_error
        return {"sources": [context.work.digest_of(run.path)], "on_error": on_error}

    index = _index_of(run)
    yield Artifact(
        index, None, (CORPUS, QUERIES), shaping, partial(_build, run=run), uses=("run",), quick=True,
    )  # fmt: skip
    yield Artifact(
        _run_of(run), schemas.RUN, (index, QUERIES, QRELS),
        lambda: {"k": context.config.retrieve.k}, partial(_search, run=run),
    )  # fmt: skip


def _build(context: Context, run: RunFile) -> Folder:
    def make(folder: Path) -> dict[str, Any]:
        return build(context, run.path, folder)

    return Folder(make)


def _open(run: RunFile, context: Context) -> Retriever:
    folder = context.work.opened(_index_of(run))
    return FinishedRun(run.name, folder, len(context.corpus))


def _search(context: Context, run: RunFile) -> Parts:
    return search.run(context, partial(_open, run), ordered=True)
