"""The doors of `negmine report`: parts are opened one by one, counted, and told as one object."""

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
from negmine.config.effective import effective_rules
from negmine.data.schemas import POSITIVE
from negmine.engine.status import State
from negmine.errors import InputError, MissingArtifact
from negmine.stages.context import CORPUS, PROVENANCE, QRELS, QUERIES, VERDICTS, House
from negmine.stages.filter.leak import measure as leak_doors
from negmine.stages.filter.risk.hiding import SEED

HIDE = 0.5
_TEXT = 110  # characters of a hub's or a short query's text
_TOPICS: tuple[OfPart, ...] = (
    scores.of_part, origins.of_part, recall.of_part, hubs.of_part, short.of_part, sample.of_part,
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What a report was asked for: see `negmine report`."""

    random: int = sample.RANDOM
    seed: int = SEED
    floor: float = recall.FLOOR


def measured(house: House, seed: int) -> tuple[Leak | None, str | None]:
    """Return the leak and its curve, or why it cannot be measured."""
    try:
        name, values, current = leak.grid(house_rules(house))
        found = leak_doors.leak(house, HIDE, seed, {name: values})
    except (InputError, MissingArtifact) as error:
        return None, str(error)
    return leak.told(found, name, current), None


def house_rules(house: House) -> Any:
    """Return the rules in force, with what limits that depend on the data came to."""
    from negmine.stages.filter.limits.compute import applied

    return applied(effective_rules(house.settings), house.limits)


def report(
    house: House, states: Sequence[State], asked: Asked, leaked: tuple[Leak | None, str | None]
) -> Report:
    """Return the report of a finished run. states: of all its artifacts."""
    about = _about(house, asked)
    held = _held(house, about)
    manifests = [s.manifest for s in states if s.manifest is not None]
    totals = _totals(house, held)
    recalls, scorers = recall.told(held, about, asked.floor), scores.told(held, about)
    hub = hubs.told(held, *_about_hubs(house, held))
    few = short.told(held, _cut(_query_texts(house, held["short_worst"]["query_id"])))
    return Report(
        report=1,
        negmine=_version(),
        work=house.work.root.resolve().name,
        warnings=warnings(totals, recalls, scorers, leaked[0], hub, few),
        totals=totals,
        ran=ran(house, manifests),
        funnel=_funnel(house, held, totals),
        scorers=scorers,
        overlap=origins.overlap(held, about),
        ranks=origins.ranks(held, about),
        recall=recalls,
        leak=leaked[0],
        leak_skipped=leaked[1],
        hubs=hub,
        short=few,
        sample=_sample(house, held, about),
    )


def _about(house: House, asked: Asked) -> About:
    return About(
        opinions=house.opinions,
        retrievers=house.retrievers,
        deciding=str(effective_rules(house.settings).score),
        ranges=scores.ranges(house.work.scan(VERDICTS), house.opinions),
        depth=house.settings.retrieve.k,
        rules=house_rules(house),
        write=house.settings.write,
        seed=asked.seed,
        random=asked.random,
    )


def _held(house: House, about: About) -> Tables:
    """Count every part, and bring what was counted together with the parts before."""
    merges: dict[str, Merge] = {
        **scores.MERGES, **origins.MERGES, **recall.MERGES, **hubs.MERGES, **short.MERGES,
        **sample.merges(about.random),
    }  # fmt: skip
    house.progress.begin("report")
    house.progress.total(sum(house.queries_per_part), "queries")
    held: Tables = {}
    for number, queries in enumerate(house.queries_per_part):
        rows = _rows(house, number)
        for topic in _TOPICS:
            for name, table in topic(rows, about).items():
                both = [held[name], table] if name in held else [table]
                held[name] = merges[name](pl.concat(both, how="vertical_relaxed"))
        house.progress.advance(queries)
    return held


def _rows(house: House, number: int) -> pl.DataFrame:
    """Return a part of `verdicts` with `written`."""
    rows = house.work.read(VERDICTS, number)
    about = house.work.read(PROVENANCE, number, ["query_id", "negative_id"])
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


def _totals(house: House, held: Tables) -> Totals:
    write = house.settings.write
    verdicts, qrels = house.work.require(VERDICTS).stats, house.work.require(QRELS).stats
    return Totals(
        documents=house.work.require(CORPUS).rows,
        queries=qrels["queries_mined"],
        queries_without_positives=qrels["queries_without_positives"],
        positives=qrels["positives"],
        candidates=verdicts["candidates"],
        kept=verdicts["kept"],
        negatives=int(held["hubs"]["queries"].sum()),
        rows=house.work.require(f"5-write/{write.format}").rows,
        format=write.format,
        asked=write.num_negatives,
    )


def _funnel(house: House, held: Tables, totals: Totals) -> list[Any]:
    got = held["short_got"]
    full = totals.queries - int(got["queries"].sum())
    selected = full * totals.asked + int((got["got"] * got["queries"]).sum())
    removed = house.work.require(VERDICTS).stats["removed"]
    return funnel(totals.candidates, removed, totals.kept, selected, totals.negatives)


def _about_hubs(house: House, held: Tables) -> tuple[dict[str, str], dict[str, int]]:
    ids = hubs.most_used(held)["doc_id"]
    owners = (
        house.work.scan(VERDICTS)
        .filter(pl.col("label") == POSITIVE, pl.col("doc_id").is_in(ids.implode()))
        .group_by("doc_id")
        .len()
        .collect(engine="streaming")
    )
    return _cut(dict(house.texts(ids).iter_rows())), dict(owners.iter_rows())


def _sample(house: House, held: Tables, about: About) -> Sample:
    why = sample.chosen(held)
    ids = pl.Series("query_id", list(why), pl.String)
    of_them = pl.col("query_id").is_in(ids.implode())
    found, about_them = (
        house.work.scan(name).filter(of_them).collect(engine="streaming")
        for name in (VERDICTS, PROVENANCE)
    )
    rows = found.with_columns(written=_written(found, about_them))
    by_query = {rows_["query_id"][0]: rows_ for rows_ in rows.partition_by("query_id")}
    asked = _query_texts(house, ids)
    seen = [group for one in by_query.values() for group, _ in documents.shown(one).values()]
    texts = dict(house.texts(pl.concat(seen)["doc_id"] if seen else ids.clear()).iter_rows())
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


def _query_texts(house: House, ids: pl.Series) -> dict[str, str]:
    wanted = ids.unique().to_frame("query_id").lazy()
    found = house.work.scan(QUERIES).select("query_id", "text")
    return dict(found.join(wanted, on="query_id", how="semi").collect().iter_rows())


def _cut(texts: dict[str, str]) -> dict[str, str]:
    return {name: documents.short_text(text, _TEXT) for name, text in texts.items()}


def _version() -> str:
    from importlib.metadata import version

    return version("negmine")
