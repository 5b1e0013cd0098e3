"""Late interaction in the plan: token vectors, an index over them if one is wanted, the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from negmine.config.resolved import ResolvedConfig
from negmine.data import schemas
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.retrievers import recall
from negmine.retrievers.base import RetrieverType
from negmine.retrievers.late import checks, cost, names, tasks, texts, tokens
from negmine.storage.layout import CORPUS, QRELS, QUERIES, VECTORS
from negmine.storage.vectors import count_encoded


def _artifacts(context: Context, runs: Sequence[str]) -> Iterable[Artifact]:
    """Yield token vectors and what searches them. runs: of the retrievers before this one, all others."""
    config, digest = context.config, context.work.digest
    index, store = config.index, context.work.root / VECTORS
    before = tuple(runs) if index.late_scope == "candidates" else ()
    yield Artifact(
        names.tokens(config), None, (CORPUS, QUERIES, QRELS, *before),
        lambda: tokens.identity(index, digest),
        partial(tasks.vectors, runs=before),
        begun=lambda: count_encoded(store, tokens.encoders(index, digest)),
        uses=("late_model",),
        check=lambda: checks.check_machine(index),
    )  # fmt: skip
    yield from _searches(config, before)


def _searches(config: ResolvedConfig, before: tuple[str, ...]) -> Iterable[Artifact]:
    """Yield an index if one is wanted, what it misses, and the run."""
    made, index = names.tokens(config), config.index
    over: tuple[str, ...] = ()
    settings: dict[str, Any] = {"k": config.retrieve.k}
    if names.has_index(config):
        settings |= {"index": index.late_index, "tokens": config.retrieve.late_tokens}
        over = names.approximate(config), names.recall(config)
        yield Artifact(
            over[0], None, (made,), lambda: {"index": index.late_index}, tasks.index_over,
            check=lambda: checks.check_index(index),
        )  # fmt: skip
        yield Artifact(
            over[1], schemas.RECALL, (over[0], made), lambda: settings, tasks.recall, recall.count,
        )  # fmt: skip
    yield Artifact(
        names.run(config), schemas.RUN, (made, *over, *before, QUERIES, QRELS),
        lambda: settings | {"scope": index.late_scope},
        partial(tasks.run, runs=before),
    )  # fmt: skip


LATE = RetrieverType(
    name=names.NAME,
    check=checks.check,
    costs=cost.costs,
    artifacts=_artifacts,
    run=names.run,
    indexes=lambda context: (names.tokens(context.config),),
    open=tasks.open_late,
    ordered=True,
    last=2,
    model=lambda config: config.index.late_model,
    score_texts=texts.score_texts,
    search_texts=texts.search_texts,
)
