"""The plan: every artifact, in the order they are made, with what it reads and what shapes its rows.

An artifact's identity is the hash of its name, its schema, the settings that shape its rows, the
identities of what it reads, and a revision. Speed settings (device, batch size) are in none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from negmine.config import fusion
from negmine.config.outside import SOURCES
from negmine.data import schemas
from negmine.data.sources import open_sources
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.retrievers.registry import type_of, types
from negmine.scorers import registry
from negmine.stages.filter import guides
from negmine.stages.filter import tasks as filter_tasks
from negmine.stages.filter.compute import count_verdicts
from negmine.stages.filter.contamination import tasks as contamination_tasks
from negmine.stages.filter.contamination.dropped import drops
from negmine.stages.filter.features import tasks as feature_tasks
from negmine.stages.filter.judge import check as judge_check
from negmine.stages.filter.judge import tasks as judge_tasks
from negmine.stages.filter.limits import compute as limits
from negmine.stages.filter.limits import tasks as limit_tasks
from negmine.stages.filter.risk import tasks as risk_tasks
from negmine.stages.filter.rules import VERDICT_SETTINGS
from negmine.stages.filter.suspects import artifacts as suspects
from negmine.stages.generate import artifacts as generated
from negmine.stages.index import tasks as index_tasks
from negmine.stages.index.shaping import direction, own_settings
from negmine.stages.rerank import tasks as rerank_tasks
from negmine.stages.retrieve import tasks as retrieve_tasks
from negmine.stages.write import artifacts as writing
from negmine.storage.labels import labels_file
from negmine.storage.layout import (
    CANDIDATES,
    CONTAMINATED,
    CORPUS,
    FEATURES,
    GENERATED,
    GENERATED_LIKENESS,
    LIMITS,
    QRELS,
    QUERIES,
    RISK,
    RISK_MODEL,
    SHINGLES,
    SURVIVORS,
    VERDICTS,
    stage_of,
)

JUDGE_REVISION = 2  # raise it when the prompts change, or how answers are read
JUDGE = ("judge_local", "judge_prompt")  # the files that shape what a judge answers


def make_plan(context: Context) -> list[Artifact]:
    """Return every artifact that the configuration calls for, in the order they are made."""
    found_by_retrievers = _retrievers(context)
    return [
        *_index(context),
        *sorted(
            (one for one in found_by_retrievers if stage_of(one.name) == "index"),
            key=lambda one: not one.quick,
        ),
        *_shingles(context),
        *(one for one in found_by_retrievers if stage_of(one.name) == "retrieve"),
        _candidates(context),
        *generated.artifacts(context),
        *_rerank(context),
        *_filter(context),
        *writing.artifacts(context),
    ]


def _index(context: Context) -> Iterable[Artifact]:
    settings, remote, digest = context.config.index, context.work.remote, context.work.digest_of

    def source(files: str, *fields: str) -> Callable[[], dict[str, Any]]:
        def read() -> dict[str, Any]:
            digests = [digest(path) for path in getattr(open_sources(settings, remote), files)]
            own = _pick(settings, "on_error", *fields) | direction(settings)
            return {"sources": digests, **own}

        return read

    columns = own_settings(settings)
    yield Artifact(
        CORPUS, schemas.CORPUS, (), source("corpus_files", *columns[CORPUS]),
        index_tasks.corpus, uses=SOURCES, quick=True,
    )  # fmt: skip
    yield Artifact(
        QUERIES, schemas.QUERIES, (),
        lambda: source("query_files", *columns[QUERIES])() | index_tasks.odd_cut(context),
        index_tasks.queries, uses=SOURCES, quick=True,
    )  # fmt: skip
    yield Artifact(
        QRELS, schemas.QRELS, (CORPUS, QUERIES),
        lambda: source("qrels_files", "min_relevance")() | _labels(context),
        index_tasks.qrels, uses=SOURCES, quick=True,
    )  # fmt: skip


def _labels(context: Context) -> dict[str, str]:
    path = labels_file(context.work)
    return {} if path is None else {"labels": context.work.digest(path)[:16]}


def _retrievers(context: Context) -> list[Artifact]:
    """Return the artifacts of all retrievers; a retriever gets the runs of those before it."""
    runs: list[str] = []
    artifacts: list[Artifact] = []
    for kind in types(context.config):
        artifacts += kind.artifacts(context, tuple(runs))
        runs.append(kind.run(context.config))
    return artifacts


def _shingles(context: Context) -> Iterable[Artifact]:
    has_vectors = context.config.vector_retriever is not None
    if not has_vectors and feature_tasks.wanted(context)["likeness"]:
        yield Artifact(SHINGLES, None, (CORPUS,), dict, index_tasks.shingles, revision=2)


def _candidates(context: Context) -> Artifact:
    kinds = types(context.config)
    indexes = [name for kind in kinds for name in kind.indexes(context)]
    return Artifact(
        CANDIDATES, schemas.CANDIDATES,
        (*(kind.run(context.config) for kind in kinds), *indexes, QRELS),
        lambda: {"retrievers": context.config.retriever_names, **fusion.shaping(context.config)},
        retrieve_tasks.candidates, partial(retrieve_tasks.count_candidates, context), revision=2,
    )  # fmt: skip


def _pool(context: Context) -> tuple[str, ...]:
    """Return the candidates, and the texts of those that a model wrote."""
    return (context.candidates, GENERATED) if context.config.generates else (CANDIDATES,)


def _likeness(context: Context) -> tuple[str, ...]:
    return (GENERATED_LIKENESS,) if context.config.generates else ()


def _rerank(context: Context) -> Iterable[Artifact]:
    if "rerank" in context.config.scorers:
        yield Artifact(
            registry.scorers(context.config)["rerank"], schemas.SCORES, (*_pool(context), CORPUS, QUERIES),
            partial(rerank_tasks.shaping, context), rerank_tasks.scores,
            begun=partial(rerank_tasks.begun, context), uses=("rerank_model",),
            check=partial(rerank_tasks.check, context),
        )  # fmt: skip


def _guides(context: Context) -> Iterable[Artifact]:
    scorers = registry.scorers(context.config)
    for place, name in enumerate(context.config.guides):
        yield Artifact(
            scorers[name], schemas.SCORES, (*_pool(context), CORPUS, QUERIES),
            partial(guides.shaping, context, place), partial(guides.scores, place=place),
            begun=partial(guides.begun, context, place), uses=("guide_model",),
        )  # fmt: skip


def _filter(context: Context) -> Iterable[Artifact]:
    config = context.config
    reads = [*_pool(context), *_similarities(context)]
    features = feature_tasks.wanted(context)
    left_out = set() if config.filter.decontaminate else {"drop_contaminated"}
    rules = config.filter.model_dump(mode="json", include=VERDICT_SETTINGS - left_out)
    yield from _contaminated(context)
    yield Artifact(
        FEATURES, schemas.FEATURES, (*reads, *_likeness(context), CORPUS, QUERIES, QRELS), lambda: features,
        feature_tasks.features,
    )  # fmt: skip
    yield from _guides(context)
    if "risk" in config.scorers:
        yield from _risk(context, reads)
    if limits.needed(config.filter):
        yield Artifact(
            LIMITS, schemas.LIMITS,
            (*reads, *_without_judge(context), FEATURES, *_dropped(context), QUERIES, QRELS, CORPUS),
            lambda: limit_tasks.shaping(context, rules), limit_tasks.limits,
        )  # fmt: skip
    if "judge" in config.scorers:
        yield from _judge(context, rules)
    scorers = registry.scorers(config).values()
    yield Artifact(
        VERDICTS, schemas.VERDICTS,
        (*_pool(context), *scorers, FEATURES, *_dropped(context), *_limits(context), QUERIES, CORPUS),
        lambda: rules, filter_tasks.verdicts, count_verdicts,
    )  # fmt: skip
    yield from suspects.artifacts(context, _similarities(context), JUDGE_REVISION, JUDGE)


def _contaminated(context: Context) -> Iterable[Artifact]:
    if context.config.filter.decontaminate:
        yield Artifact(
            CONTAMINATED, schemas.CONTAMINATED,
            (QUERIES, QRELS, CORPUS, *contamination_tasks.indexes(context)),
            partial(contamination_tasks.shaping, context), contamination_tasks.contaminated,
            uses=("decontaminate",),
        )  # fmt: skip


def _dropped(context: Context) -> tuple[str, ...]:
    return (CONTAMINATED,) if drops(context.config.filter) else ()


def _similarities(context: Context) -> tuple[str, ...]:
    """Return what similarities of documents are computed from: vectors, else 3-grams."""
    chosen = context.config.vector_retriever
    if chosen is not None:
        return type_of(chosen, context.config).indexes(context)
    return (SHINGLES,) if feature_tasks.wanted(context)["likeness"] else ()


def _without_judge(context: Context, *left_out: str) -> list[str]:
    artifacts = registry.scorers(context.config)
    return [one for name, one in artifacts.items() if name not in ("judge", *left_out)]


def _limits(context: Context) -> tuple[str, ...]:
    return (LIMITS,) if limits.needed(context.config.filter) else ()


def _risk(context: Context, reads: list[str]) -> Iterable[Artifact]:
    scorers = _without_judge(context, "risk")
    yield Artifact(
        RISK_MODEL, schemas.RISK_MODEL, (*reads, *scorers, QUERIES, QRELS, CORPUS),
        partial(risk_tasks.shaping, context), risk_tasks.model,
    )  # fmt: skip
    yield Artifact(
        RISK,
        schemas.SCORES,
        (RISK_MODEL, *_pool(context), FEATURES, *scorers),
        dict,
        risk_tasks.risks,
    )


def _judge(context: Context, rules: dict[str, Any]) -> Iterable[Artifact]:
    config = context.config
    yield Artifact(
        SURVIVORS, schemas.SURVIVORS,
        (
            *_pool(context), *_without_judge(context), FEATURES, *_dropped(context), *_limits(context),
            QUERIES, CORPUS,
        ),
        lambda: rules, judge_tasks.survivors,
    )  # fmt: skip
    check = registry.judge_check(config)
    if check is not None:
        yield Artifact(
            check, schemas.CHECK, (CORPUS, QUERIES, QRELS),
            partial(judge_check.shaping, context), judge_check.check, revision=JUDGE_REVISION,
            uses=JUDGE,
        )  # fmt: skip
    yield Artifact(
        str(registry.judge(config)), schemas.JUDGMENTS, (SURVIVORS, *_pool(context), CORPUS, QUERIES),
        partial(judge_tasks.shaping, context), judge_tasks.judgments, judge_tasks.count_judgments,
        revision=JUDGE_REVISION, uses=JUDGE,
    )  # fmt: skip


def _pick(settings: Any, *fields: str) -> dict[str, Any]:
    values = settings.model_dump(mode="json")
    return {name: value for name, value in values.items() if name in fields}
