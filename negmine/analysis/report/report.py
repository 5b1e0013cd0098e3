"""`report`: read parts one by one, count them, and return everything as one object."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from negmine.analysis.report.schema import SECTIONS, Report
from negmine.analysis.report.sections import recall, sample, scores
from negmine.analysis.report.sections.base import About, Merge, Source, Tables, is_written
from negmine.analysis.report.warnings import warnings
from negmine.engine.context import Context
from negmine.engine.status import require_fresh, require_made_from, survey
from negmine.stages.filter.contamination.dropped import dropped_queries
from negmine.stages.filter.limits.compute import applied
from negmine.stages.filter.limits.read import read_limits
from negmine.stages.filter.risk.hiding import SEED
from negmine.stages.plan import make_plan
from negmine.stages.write.selecting import final_selection
from negmine.storage.layout import PROVENANCE, VERDICTS


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
    require_made_from(context, VERDICTS)
    about = _about(context, asked)
    source = Source(context, about, _counts(context, about), states, asked.leak)
    for name, section in SECTIONS.items():
        source.values[name] = section.build(source)
    values = {name: source.values[name] for name in SECTIONS}
    return Report(
        report=1,
        negmine=_version(),
        work=context.work.root.resolve().name,
        warnings=warnings(values),
        **values,
    )


def _about(context: Context, asked: Asked) -> About:
    config = context.config
    return About(
        opinions=config.score_names,
        retrievers=config.retriever_names,
        deciding=str(config.filter.score),
        ranges=scores.ranges(context.work.scan(VERDICTS), config.score_names),
        depth=config.retrieve.k,
        rules=applied(config.filter, read_limits(context)),
        write=config.write,
        selection=final_selection(context),
        seed=asked.seed,
        random=asked.random,
        floor=asked.floor,
        contaminated=dropped_queries(context),
    )


def _counts(context: Context, about: About) -> Tables:
    """Count every part for every section, and bring its counts together with those of the parts before."""
    sections = list(SECTIONS.values())
    merges: dict[str, Merge] = {
        name: merge for one in sections for name, merge in one.merges(about).items()
    }
    context.progress.begin("report")
    context.progress.total(sum(context.work.queries_per_part()), "queries")
    counts: Tables = {}
    for number, queries in enumerate(context.work.queries_per_part()):
        rows = _rows(context, number)
        for section in sections:
            for name, table in section.of_part(rows, about).items():
                both = [counts[name], table] if name in counts else [table]
                counts[name] = merges[name](pl.concat(both, how="vertical_relaxed"))
        context.progress.advance(queries)
    return counts


def _rows(context: Context, number: int) -> pl.DataFrame:
    """Return a part of `verdicts` with `written`."""
    rows = context.work.read(VERDICTS, number)
    provenance = context.work.read(PROVENANCE, number, ["query_id", "negative_id"])
    return rows.with_columns(written=is_written(rows, provenance))


def _version() -> str:
    from importlib.metadata import version

    return version("negmine")
