"""`report`: read parts one by one, count them, and return everything as one object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from negmine.analysis.report import documents, hubs, leak, origins, recall, sample, scores, short
from negmine.analysis.report.about import About, Merge, OfPart, Tables
from negmine.analysis.report.funnel import funnel
from negmine.analysis.report.ran import ran
from negmine.analysis.report.schema import Leak, Report, Sample, Totals
from negmine.analysis.report.warnings import warnings
from negmine.config.settings import FilterSettings
from negmine.data.schemas import POSITIVE
from negmine.engine.context import Context
from negmine.engine.status import FRESH, State, require_fresh, survey
from negmine.errors import InputError, MissingArtifact
from negmine.stages.filter.leak import measure
from negmine.stages.filter.limits.compute import applied
from negmine.stages.filter.limits.read import read_limits
from negmine.stages.filter.risk.hiding import SEED
from negmine.stages.plan import make_plan
from negmine.storage.layout import CORPUS, LIMITS, PROVENANCE, QRELS, QUERIES, VERDICTS

HIDE = 0.5
_TEXT = 110  # characters of a hub's or a short query's text
_TOPICS: tuple[OfPart, ...] = (
    scores.of_part, origins.of_part, recall.of_part, hubs.of_part, short.of_part, sample.of_part,
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The options of a report: see `negmine report`. leak: whether it is measured."""

    random: int = sample.RANDOM
    seed: int = SEED
    floor: float = recall.FLOOR
    leak: bool = True


def report(context: Context, asked: Asked) -> Report:
    """Return the report of a finished run.

    Raises MissingArtifact where the run is not finished.
    """
    states = survey(context, make_plan(context))
    written = {one.artifact.name for one in states if one.artifact.stage == "write"}
    require_fresh(context, states, {VERDICTS} | written)
    leaked: tuple[Leak | None, str | None] = (None, "--no-leak was given.")
    if asked.leak:
        chosen = any(s.artifact.name == LIMITS and s.state == FRESH for s in states)
        leaked = _measured(context, asked.seed, chosen)
    return _report(context, states, asked, leaked)


def _measured(context: Context, seed: int, budget_chosen: bool) -> tuple[Leak | None, str | None]:
    """Return the leak and its curve, or why it cannot be measured."""
    try:
        name, values, current = leak.grid(_rules_in_force(context))
        measured = measure.leak(context, HIDE, seed, budget_chosen, {name: values})
    except (InputError, MissingArtifact) as error:
        return None, str(error)
    return leak.told(measured, name, current), None


def _rules_in_force(context: Context) -> FilterSettings:
    """Return the rules, with what limits that depend on the data came to."""
    return applied(context.config.filter, read_limits(context))


def _report(
    context: Context,
    states: Sequence[State],
    asked: Asked,
    leaked: tuple[Leak | None, str | None],
) -> Report:
    about = _about(context, asked)
    held = _held(context, about)
    manifests = [s.manifest for s in states if s.manifest is not None]
    totals = _totals(context, held)
    recalls, scorers = recall.told(held, about, asked.floor), scores.told(held, about)
    hub = hubs.told(held, *_about_hubs(context, held))
    few = short.told(held, _cut(_query_texts(context, held["short_worst"]["query_id"])))
    return Report(
        report=1,
        negmine=_version(),
        work=context.work.root.resolve().name,
        warnings=warnings(totals, recalls, scorers, leaked[0], hub, few),
        totals=totals,
        ran=ran(context, manifests),
        funnel=_funnel(context, held, totals),
        scorers=scorers,
        overlap=origins.overlap(held, about),
        ranks=origins.ranks(held, about),
        recall=recalls,
        leak=leaked[0],
        leak_skipped=leaked[1],
        hubs=hub,
        short=few,
        sample=_sample(context, held, about),
    )


def _about(context: Context, asked: Asked) -> About:
    return About(
        opinions=context.config.score_names,
        retrievers=context.config.retriever_names,
        deciding=str(context.config.filter.score),
        ranges=scores.ranges(context.work.scan(VERDICTS), context.config.score_names),
        depth=context.config.retrieve.k,
        rules=_rules_in_force(context),
        write=context.config.write,
        seed=asked.seed,
        random=asked.random,
    )


def _held(context: Context, about: About) -> Tables:
    """Count every part, and bring what was counted together with the parts before."""
    merges: dict[str, Merge] = {
        **scores.MERGES, **origins.MERGES, **recall.MERGES, **hubs.MERGES, **short.MERGES,
        **sample.merges(about.random),
    }  # fmt: skip
    context.progress.begin("report")
    context.progress.total(sum(context.work.queries_per_part()), "queries")
    held: Tables = {}
    for number, queries in enumerate(context.work.queries_per_part()):
        rows = _rows(context, number)
        for topic in _TOPICS:
            for name, table in topic(rows, about).items():
                both = [held[name], table] if name in held else [table]
                held[name] = merges[name](pl.concat(both, how="vertical_relaxed"))
        context.progress.advance(queries)
    return held


def _rows(context: Context, number: int) -> pl.DataFrame:
    """Return a part of `verdicts` with `written`."""
    rows = context.work.read(VERDICTS, number)
    about = context.work.read(PROVENANCE, number, ["query_id", "negative_id"])
    return rows.with_columns(written=_written(rows, about))


def _written(rows: pl.DataFrame, provenance: pl.DataFrame) -> pl.Series:
    pairs = provenance.select("query_id", "negative_id")
    if pairs["negative_id"].dtype == pl.List:
        pairs = pairs.explode("negative_id")
    pairs = pairs.drop_nulls().unique().with_columns(written=True)
    joined = rows.select("query_id", "doc_id").join(
        pairs.rename({"negative_id": "doc_id"}),
        on=["query_id", "doc_id"],
        how="left",
        maintain_order="left",
    )
    return joined["written"].fill_null(False)


def _totals(context: Context, held: Tables) -> Totals:
    write = context.config.write
    verdicts, qrels = context.work.require(VERDICTS).stats, context.work.require(QRELS).stats
    return Totals(
        documents=context.work.require(CORPUS).rows,
        queries=qrels["queries_mined"],
        queries_without_positives=qrels["queries_without_positives"],
        positives=qrels["positives"],
        candidates=verdicts["candidates"],
        kept=verdicts["kept"],
        negatives=int(held["hubs"]["queries"].sum()),
        rows=context.work.require(f"5-write/{write.format}").rows,
        format=write.format,
        asked=write.num_negatives,
    )


def _funnel(context: Context, held: Tables, totals: Totals) -> list[Any]:
    got = held["short_got"]
    full = totals.queries - int(got["queries"].sum())
    selected = full * totals.asked + int((got["got"] * got["queries"]).sum())
    removed = context.work.require(VERDICTS).stats["removed"]
    return funnel(totals.candidates, removed, totals.kept, selected, totals.negatives)


def _about_hubs(context: Context, held: Tables) -> tuple[dict[str, str], dict[str, int]]:
    ids = hubs.most_used(held)["doc_id"]
    owners = (
        context.work.scan(VERDICTS)
        .filter(pl.col("label") == POSITIVE, pl.col("doc_id").is_in(ids.implode()))
        .group_by("doc_id")
        .len()
        .collect(engine="streaming")
    )
    return _cut(dict(context.corpus.texts(ids).iter_rows())), dict(owners.iter_rows())


def _sample(context: Context, held: Tables, about: About) -> Sample:
    why = sample.chosen(held)
    ids = pl.Series("query_id", list(why), pl.String)
    of_them = pl.col("query_id").is_in(ids.implode())
    found, about_them = (
        context.work.scan(name).filter(of_them).collect(engine="streaming")
        for name in (VERDICTS, PROVENANCE)
    )
    rows = found.with_columns(written=_written(found, about_them))
    by_query = {rows_["query_id"][0]: rows_ for rows_ in rows.partition_by("query_id")}
    asked = _query_texts(context, ids)
    seen = [group for one in by_query.values() for group, _ in documents.shown(one).values()]
    texts = dict(
        context.corpus.texts(pl.concat(seen)["doc_id"] if seen else ids.clear()).iter_rows()
    )
    places = [texts[name] for group in seen for name in group["doc_id"]]
    cut = documents.cut_for([*places, *asked.values()], len(about.opinions))
    return Sample(
        seed=about.seed,
        random=about.random,
        cut_at=cut,
        queries=[
            documents.sample_query(by_query[q], kinds, asked[q], texts, cut, about.opinions)
            for q, kinds in why.items()
        ],
    )


def _query_texts(context: Context, ids: pl.Series) -> dict[str, str]:
    wanted = ids.unique().to_frame("query_id").lazy()
    found = context.work.scan(QUERIES).select("query_id", "text")
    return dict(found.join(wanted, on="query_id", how="semi").collect().iter_rows())


def _cut(texts: dict[str, str]) -> dict[str, str]:
    return {name: documents.short_text(text, _TEXT) for name, text in texts.items()}


def _version() -> str:
    from importlib.metadata import version

    return version("negmine")
