"""Room 5, write: kept candidates become the rows of training files. Texts: see shapes.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.frames import table
from negmine.data.hashing import random_draws
from negmine.data.schemas import JUDGED_POSITIVE, POSITIVE, SHORT, provenance_schema
from negmine.stages.filter.rules import judged_relevant

LISTS = ("n-tuple", "labeled-list")


def selected(verdicts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    """Return the negatives of every query: kept rows, best first by `order`, at most `num_negatives`.

    `top` takes the best-ranked. `random` draws without replacement from the `pool` best-ranked; a
    query's draw depends on seed, query_id and its own survivors alone, never on other queries.
    """
    kept = ordered(verdicts.filter("kept"), settings.order).with_columns(
        place=pl.int_range(pl.len()).over("query_id")
    )
    if settings.sampling == "random":
        kept = kept.filter(pl.col("place") < settings.pool)
        draws = pl.Series("draw", random_draws(kept["query_id"], kept["place"], settings.seed))
        kept = kept.with_columns(draws).with_columns(
            place=pl.col("draw").rank("ordinal").over("query_id") - 1
        )
    return kept.filter(pl.col("place") < settings.num_negatives).drop("place")


def ordered(kept: pl.DataFrame, order: str) -> pl.DataFrame:
    """Return rows by fused rank, or best score first; queries stay where they are, ties by doc_id."""
    if order == "fused":
        return kept
    score = pl.col(f"{order}_score")
    return kept.sort(pl.col("query_id").rle_id(), -score, "doc_id", nulls_last=True)


def rows(
    verdicts: pl.DataFrame,
    settings: WriteSettings,
    retrievers: Sequence[str],
    opinions: Sequence[str],
) -> pl.DataFrame:
    """Return provenance for one part, in the row order of the training file.

    With `relabel`, what the judge calls relevant follows the known positives, as `judged_positive`. Flat
    formats (triplet, labeled-pair) have one document a row; the others have lists.
    """
    known = pl.col("label") == POSITIVE
    added = (pl.col("reason") == judged_relevant.__name__) if settings.relabel else pl.lit(False)
    positives = verdicts.filter(known | added.fill_null(False)).sort(
        pl.col("query_id").rle_id(), ~known, maintain_order=True
    )
    negatives = selected(verdicts, settings).select(
        "query_id",
        pl.col("doc_id").alias("negative_id"),
        "rank",
        "score",
        pl.concat_list(
            [
                pl.when(pl.col(f"{name}_rank").is_not_null()).then(pl.lit(name))
                for name in retrievers
            ]
        )
        .list.drop_nulls()
        .alias("retrievers"),
        *[f"{name}_{what}" for name in opinions for what in ("rank", "score")],
        "positive_score",
    )
    anchors = positives.select(
        "query_id",
        pl.col("doc_id").alias("positive_id"),
        positive_label=pl.when(known).then(pl.lit(POSITIVE)).otherwise(pl.lit(JUDGED_POSITIVE)),
    )
    return _SHAPES[settings.format](anchors, negatives, settings)


def _triplets(
    positives: pl.DataFrame, negatives: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    return positives.join(negatives, on="query_id", how="inner", maintain_order="left_right")


def _lists(
    positives: pl.DataFrame, negatives: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    pairs = _triplets(positives, negatives, settings)
    one = ["query_id", "positive_id", "positive_label"]
    return pairs.group_by(one, maintain_order=True).agg(
        pl.col("positive_score").first(), pl.exclude(*one, "positive_score")
    )


def _tuples(
    positives: pl.DataFrame, negatives: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    full = pl.col("negative_id").list.len() == settings.num_negatives
    return _lists(positives, negatives, settings).filter(full)


def _pairs(
    positives: pl.DataFrame, negatives: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    order = positives.select("query_id").unique(maintain_order=True).with_row_index("row")
    both = pl.concat(
        [positives.with_columns(label=pl.lit(1)), negatives.with_columns(label=pl.lit(0))],
        how="diagonal",
    )
    return (
        both.join(order, on="query_id", maintain_order="left")
        .sort("row", -pl.col("label"), maintain_order=True)
        .drop("row", "label")
    )


_SHAPES: dict[str, Callable[[pl.DataFrame, pl.DataFrame, WriteSettings], pl.DataFrame]] = {
    "triplet": _triplets,
    "labeled-pair": _pairs,
    "n-tuple": _tuples,
    "labeled-list": _lists,
}


def short(verdicts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    """Return the queries that got fewer negatives than asked: query_id, candidates, asked, got."""
    is_candidate = pl.col("label") != POSITIVE
    kept = pl.col("kept").sum().clip(upper_bound=settings.num_negatives).cast(pl.Int64)
    return (
        verdicts.group_by("query_id", maintain_order=True)
        .agg(candidates=is_candidate.sum().cast(pl.Int64), got=kept)
        .with_columns(asked=pl.lit(settings.num_negatives, pl.Int64))
        .filter(pl.col("got") < pl.col("asked"))
    )


def provenance_table(
    provenance: pl.DataFrame, opinions: Sequence[str], settings: WriteSettings
) -> pa.Table:
    """Return provenance under its schema: one value a column, or lists for n-tuple, labeled-list."""
    return table(provenance, provenance_schema(opinions, settings.format in LISTS))


def short_table(queries: pl.DataFrame) -> pa.Table:
    """Return the short queries under their schema."""
    return table(queries, SHORT)
