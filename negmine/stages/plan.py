"""The floor plan: every artifact of the house, top to bottom, with what it reads and what shapes it.

An artifact's identity is the hash of room, name, schema, the settings that shape its rows, the
identities of what it reads, and a revision. Speed settings (device, batch size) are in no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from negmine.config.effective import effective_rules, guide_names
from negmine.config.settings import FilterSettings, IndexSettings, WriteSettings
from negmine.data import schemas
from negmine.data.identity import identity_of
from negmine.engine import tasks as engine
from negmine.engine.artifact import Artifact
from negmine.engine.tasks import Work
from negmine.retrievers.bm25 import retriever as bm25
from negmine.retrievers.dense import plan as dense_plan
from negmine.retrievers.registry import RETRIEVERS, check_spec
from negmine.scorers.cross_encoder import CrossEncoder, Own, open_cross_encoder
from negmine.scorers.guide import Guide
from negmine.stages.context import (
    CANDIDATES,
    CARD,
    CORPUS,
    FEATURES,
    LIMITS,
    PROVENANCE,
    QRELS,
    QUERIES,
    RISK,
    RISK_MODEL,
    SHORT,
    SURVIVORS,
    VERDICTS,
    House,
)
from negmine.stages.filter import tasks as filter_doors
from negmine.stages.filter.compute import count_verdicts
from negmine.stages.filter.features import tasks as feature_doors
from negmine.stages.filter.judge import check as check_doors
from negmine.stages.filter.judge import tasks as judge_doors
from negmine.stages.filter.limits import compute as limits
from negmine.stages.filter.limits import tasks as limit_doors
from negmine.stages.filter.risk import tasks as risk_doors
from negmine.stages.index import tasks as index_doors
from negmine.stages.rerank import tasks as score_doors
from negmine.stages.retrieve import tasks as retrieve_doors
from negmine.stages.write import tasks as write_doors
from negmine.stages.write.card import tasks as card_doors
from negmine.stages.write.compute import count_short
from negmine.stages.write.formats.registry import FORMATS, format_named

SHINGLES = "1-index/shingles"
TITLE = ("title", "title_separator")
# Guides, the risk and the judge count by what they read, in the artifacts of what they say; gates and
# budgets shape no verdict but by the limits they choose.
_ELSEWHERE = {
    name
    for name in FilterSettings.model_fields
    if name.startswith(("judge_", "guide_model", "guide_query", "guide_document", "guide_max"))
} | {"risk_weights", "risk_learner", "max_leak", "min_yield", "max_dropped", "min_sensitivity"}


def floor_plan(house: House) -> list[Artifact]:
    """Return every artifact that the house's settings call for, in the order they are made."""
    rooms = (_index, _retrieve, _rerank, _filter, _write)
    return [artifact for room in rooms for artifact in room(house)]


def _index(house: House) -> Iterable[Artifact]:
    settings = house.settings.index

    def source(files: str, *fields: str) -> Callable[[], dict[str, Any]]:
        def read() -> dict[str, Any]:
            digests = [house.digest(path) for path in getattr(house.sources, files)]
            return {"sources": digests, **_pick(settings, "on_error", *fields)}

        return read

    pairs = ("query_column", "positive_column") if settings.pairs else ()
    yield Artifact(
        CORPUS, schemas.CORPUS, (), source("corpus_files", *TITLE, *pairs[1:]),
        lambda: index_doors.corpus(house),
    )  # fmt: skip
    yield Artifact(
        QUERIES, schemas.QUERIES, (),
        lambda: source("query_files", *pairs[:1])() | _parts(house),
        lambda: index_doors.queries(house),
    )  # fmt: skip
    yield Artifact(
        QRELS, schemas.QRELS, (CORPUS, QUERIES), source("qrels_files", "min_relevance"),
        lambda: index_doors.qrels(house),
    )  # fmt: skip
    if "bm25" in settings.retriever:
        bm25.check(settings)
        yield Artifact(
            "1-index/bm25", None, (CORPUS,), lambda: _bm25_settings(settings),
            lambda: index_doors.bm25_index(house), revision=2,
        )  # fmt: skip
    if "dense" in settings.retriever and settings.dense_scope == "all":
        yield from dense_plan.vectors(house)
    if "dense" not in settings.retriever and feature_doors.wanted(house)["likeness"]:
        yield Artifact(
            SHINGLES, None, (CORPUS,), dict, lambda: index_doors.shingles(house), revision=2
        )


def _parts(house: House) -> dict[str, int]:
    """Return how queries are cut where it is not as usual: part i of everything is about part i of them."""
    usual = house.part_queries == engine.PART_QUERIES
    return {} if usual else {"part_queries": house.part_queries}


def _retrieve(house: House) -> Iterable[Artifact]:
    runs: list[str] = []
    indexes: list[str] = []
    for spec, name in zip(house.settings.index.retriever, house.retrievers, strict=True):
        check_spec(spec)
        if spec == "dense":
            continue
        own = {} if spec in RETRIEVERS else {"factory": spec}
        inputs = (f"1-index/{name}",) if spec in RETRIEVERS else (CORPUS,)
        indexes += inputs
        runs.append(house.run_of(name))
        yield Artifact(
            runs[-1], schemas.RUN, (*inputs, QUERIES, QRELS),
            partial(dict, k=house.settings.retrieve.k, **own),
            partial(retrieve_doors.run, house, spec),
        )  # fmt: skip
    if "dense" in house.settings.index.retriever:
        if house.settings.index.dense_scope == "candidates":
            yield from dense_plan.vectors(house, tuple(runs))
        yield from dense_plan.searches(house)
        runs.append(house.dense_run)
        indexes.append(house.vectors)
    yield Artifact(
        CANDIDATES, schemas.CANDIDATES, (*runs, *indexes, QRELS),
        lambda: {"retrievers": house.retrievers},
        lambda: retrieve_doors.candidates(house),
        retrieve_doors.count_candidates,
        revision=2,
    )  # fmt: skip


def _rerank(house: House) -> Iterable[Artifact]:
    settings, index = house.rerank, house.index
    if settings.rerank_model is None:
        return

    def opened() -> CrossEncoder | Own:
        return open_cross_encoder(settings, index, house.digest, house.progress.note)

    yield Artifact(
        house.scorers["rerank"], schemas.SCORES, (CANDIDATES, CORPUS, QUERIES),
        lambda: {**opened().identity, "depth": settings.rerank_depth},
        lambda: score_doors.scores(
            house, opened, identity_of(opened().identity), settings.rerank_depth
        ),
        begun=lambda: score_doors.scored(house, identity_of(opened().identity)),
    )  # fmt: skip


def _guides(house: House) -> Iterable[Artifact]:
    settings = house.settings
    for place, name in enumerate(guide_names(settings.filter)):
        store = house.work.root / index_doors.VECTORS
        opened = partial(
            Guide, place, settings.filter, settings.index, house.digest, store, house.progress.note
        )
        yield Artifact(
            house.scorers[name], schemas.SCORES, (CANDIDATES, CORPUS, QUERIES),
            lambda opened=opened: opened().identity,  # type: ignore[misc]
            partial(score_doors.scores, house, opened, None),
            begun=lambda opened=opened: index_doors.encoded(house, opened().identity.values()),  # type: ignore[misc]
        )  # fmt: skip


def _filter(house: House) -> Iterable[Artifact]:
    index = house.settings.index
    rules = effective_rules(house.settings)
    features = feature_doors.wanted(house)
    reads = [CANDIDATES]
    if "dense" in index.retriever:
        reads.append(house.vectors)
    elif features["likeness"]:
        reads.append(SHINGLES)
    cheap = rules.model_dump(mode="json", exclude=_ELSEWHERE)
    yield Artifact(
        FEATURES, schemas.FEATURES, (*reads, CORPUS, QUERIES, QRELS), lambda: features,
        lambda: feature_doors.features(house),
    )  # fmt: skip
    yield from _guides(house)
    if rules.max_risk is not None:
        yield from _risk(house, reads)
    if limits.needed(rules):
        yield _limits(house, reads, cheap)
    if house.judge is not None:
        yield from _judge(house, cheap)
    yield Artifact(
        VERDICTS, schemas.VERDICTS,
        (CANDIDATES, *house.scorers.values(), FEATURES, *_if_made(house, LIMITS), QUERIES, CORPUS),
        lambda: cheap,
        lambda: filter_doors.verdicts(house),
        count_verdicts,
    )  # fmt: skip


def _risk(house: House, reads: list[str]) -> Iterable[Artifact]:
    scorers = [a for name, a in house.scorers.items() if name not in ("risk", "judge")]
    yield Artifact(
        RISK_MODEL, schemas.RISK_MODEL, (*reads, *scorers, QUERIES, QRELS, CORPUS),
        lambda: risk_doors.settings_of(house), lambda: risk_doors.model(house),
    )  # fmt: skip
    yield Artifact(
        RISK, schemas.SCORES, (RISK_MODEL, CANDIDATES, FEATURES, *scorers), dict,
        lambda: risk_doors.risks(house),
    )  # fmt: skip


def _limits(house: House, reads: list[str], cheap: dict[str, Any]) -> Artifact:
    scorers = [artifact for name, artifact in house.scorers.items() if name != "judge"]
    return Artifact(
        LIMITS, schemas.LIMITS, (*reads, *scorers, FEATURES, QUERIES, QRELS, CORPUS),
        lambda: limit_doors.settings_of(house, cheap), lambda: limit_doors.limits(house),
    )  # fmt: skip


def _if_made(house: House, name: str) -> tuple[str, ...]:
    return (name,) if limits.needed(effective_rules(house.settings)) else ()


def _judge(house: House, cheap: dict[str, Any]) -> Iterable[Artifact]:
    scorers = [artifact for name, artifact in house.scorers.items() if name != "judge"]
    yield Artifact(
        SURVIVORS, schemas.SURVIVORS,
        (CANDIDATES, *scorers, FEATURES, *_if_made(house, LIMITS), QUERIES, CORPUS),
        lambda: cheap, lambda: judge_doors.survivors(house),
    )  # fmt: skip
    if house.judge_check is not None:
        yield Artifact(
            house.judge_check, schemas.CHECK, (CORPUS, QUERIES, QRELS),
            lambda: check_doors.check_settings(house), lambda: check_doors.check(house),
        )  # fmt: skip

    def judgments() -> Work:
        check_doors.gate(house)
        return judge_doors.judgments(house)

    yield Artifact(
        str(house.judge), schemas.JUDGMENTS, (SURVIVORS, CANDIDATES, CORPUS, QUERIES),
        lambda: judge_doors.settings_of(house), judgments, judge_doors.count_judgments,
    )  # fmt: skip


def _write(house: House) -> Iterable[Artifact]:
    settings = house.settings.write
    training = _training(house, settings)
    yield training
    yield Artifact(
        PROVENANCE, schemas.provenance_schema(house.opinions, False), (VERDICTS,),
        lambda: _shape(settings), lambda: write_doors.provenance(house),
    )  # fmt: skip
    yield Artifact(
        SHORT, schemas.SHORT, (VERDICTS,), lambda: _pick(settings, "num_negatives"),
        lambda: write_doors.short(house), count_short,
    )  # fmt: skip
    yield Artifact(
        CARD, None,
        (training.name, PROVENANCE, SHORT, VERDICTS, *_if_made(house, LIMITS), QRELS, CORPUS),
        lambda: card_doors.settings_of(house), lambda: card_doors.card(house),
    )  # fmt: skip


def _training(house: House, settings: WriteSettings) -> Artifact:
    output = format_named(settings.format)
    return Artifact(
        f"5-write/{output.name}", output.schema(settings.num_negatives),
        (VERDICTS, CORPUS, QUERIES), lambda: _shape(settings), lambda: write_doors.training(house),
    )  # fmt: skip


def other_formats(house: House) -> list[Artifact]:
    """Return training files of other formats that an earlier command has left: see `status`."""
    chosen = house.settings.write
    formats = (f for f in FORMATS if f != chosen.format)
    found = [_training(house, chosen.model_copy(update={"format": f})) for f in formats]
    return [artifact for artifact in found if house.work.manifest(artifact.name) is not None]


def _shape(settings: WriteSettings) -> dict[str, Any]:
    drawn = ("pool", "seed") if settings.sampling == "random" else ()
    return _pick(settings, "format", "num_negatives", "order", "relabel", "sampling", *drawn)


def _bm25_settings(settings: IndexSettings) -> dict[str, Any]:
    """Return what shapes the BM25 index, with the variant that the default stands for."""
    variant = bm25.formula(settings).variant
    return {**_pick(settings, *bm25.BM25_FIELDS), "bm25_variant": variant}


def _pick(settings: Any, *fields: str) -> dict[str, Any]:
    return {
        name: value for name, value in settings.model_dump(mode="json").items() if name in fields
    }
