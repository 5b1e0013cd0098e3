"""Which queries a person should look at: some drawn at random, and the worst by what could be wrong."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from negmine.analysis.report import documents
from negmine.analysis.report.documents import SampleQuery
from negmine.analysis.report.sections.base import (
    IS_POSITIVE,
    About,
    Merge,
    Part,
    Section,
    Source,
    Tables,
    is_written,
)
from negmine.data.hashing import name_hashes
from negmine.stages.write.compute import short as short_queries
from negmine.storage.layout import PROVENANCE, VERDICTS

RANDOM, EACH = 40, 5  # random queries without --sample, and of every kind of worst case
KINDS = ("random", "closest", "riskiest", "short", "missed")
_NOT_FOUND = 1e9  # as a rank
_ORDER = ("key", "draw", "query_id")


class Sample(Part):
    """A random but seeded sample of queries, and worst cases."""

    seed: int = Field(description="of the draw of random queries")
    random: int = Field(description="random queries asked for")
    cut_at: int = Field(description="characters after which a text is cut")
    queries: list[SampleQuery] = Field(description="random ones first, each query once")


def _first(table: pl.DataFrame, counts: dict[str, int]) -> pl.DataFrame:
    ordered = table.sort("kind", *_ORDER)
    place = pl.int_range(pl.len()).over("kind")
    limit = pl.col("kind").replace_strict(counts, return_dtype=pl.Int64)
    return ordered.filter(place < limit)


def merges(about: About) -> dict[str, Merge]:
    """Return the merge that keeps the first of every kind, as many random ones as are asked for."""
    counts = dict.fromkeys(KINDS, EACH) | {"random": about.random}
    return {"sample": lambda tables: _first(tables, counts)}


def of_part(rows: pl.DataFrame, about: About) -> Tables:
    """Return the queries of a part by kind, with the key by which the first are taken."""
    written = rows.filter("written")
    score = pl.col(f"{about.deciding}_score").cast(pl.Float64)
    kinds = {
        "random": rows.select("query_id", key=pl.lit(0.0)).unique(),
        "closest": _lowest(written, pl.col("positive_score").cast(pl.Float64) - score),
        "short": short_queries(rows, about.selection).select(
            "query_id", key=pl.col("got").cast(pl.Float64)
        ),
        "missed": _lowest(
            rows.filter(
                IS_POSITIVE & ~(pl.col("rank") <= about.write.num_negatives).fill_null(False)
            ),
            -pl.col("rank").cast(pl.Float64).fill_null(_NOT_FOUND),
        ),
    }
    if "risk" in about.ranges:
        kinds["riskiest"] = _lowest(written, -pl.col("risk_score").cast(pl.Float64))
    table = pl.concat(
        [keys.select("query_id", "key", kind=pl.lit(kind)) for kind, keys in kinds.items()]
    )
    drawn = table.with_columns(draw=name_hashes(table["query_id"], about.seed))
    return {"sample": merges(about)["sample"](drawn)}


def _lowest(rows: pl.DataFrame, key: pl.Expr) -> pl.DataFrame:
    """Return every query's lowest key; those without one are left out."""
    return rows.group_by("query_id").agg(key=key.min()).drop_nulls("key")


def chosen(counts: Tables) -> dict[str, list[str]]:
    """Return query_id to the kinds it was taken for: random ones first, each query once."""
    kinds: dict[str, list[str]] = {}
    for kind in KINDS:
        for query in counts["sample"].filter(kind=kind).sort(*_ORDER)["query_id"]:
            kinds.setdefault(query, []).append(kind)
    return kinds


def _build(source: Source) -> Sample:
    """Return the queries with their documents, texts cut so that the page stays within its size."""
    context, about = source.context, source.about
    why = chosen(source.counts)
    ids = pl.Series("query_id", list(why), pl.String)
    is_chosen = pl.col("query_id").is_in(ids.implode())
    verdicts, provenance = (
        context.work.scan(name).filter(is_chosen).collect(engine="streaming")
        for name in (VERDICTS, PROVENANCE)
    )
    rows = verdicts.with_columns(written=is_written(verdicts, provenance))
    by_query = {one["query_id"][0]: one for one in rows.partition_by("query_id")}
    queries = context.queries.texts(ids)
    shown = [group for one in by_query.values() for group, _ in documents.shown(one).values()]
    doc_ids = pl.concat(shown)["doc_id"] if shown else ids.clear()
    texts = dict(context.corpus.texts(doc_ids).iter_rows())
    places = [texts[name] for group in shown for name in group["doc_id"]]
    cut = documents.cut_for([*places, *queries.values()], len(about.opinions))
    return Sample(
        seed=about.seed,
        random=about.random,
        cut_at=cut,
        queries=[
            documents.sample_query(by_query[q], kinds, queries[q], texts, cut, about.opinions)
            for q, kinds in why.items()
        ],
    )


SAMPLE = Section(_build, of_part, merges)
