"""Which kept candidates of a query become its negatives, and in which order."""

from __future__ import annotations

import polars as pl

from negmine.config.settings import FilterSettings, WriteSettings
from negmine.data.hashing import random_draws
from negmine.data.schemas import JUDGED_NEGATIVE


def judged_first(rules: FilterSettings) -> bool:
    """Tell whether documents that people judged not relevant come first."""
    return rules.judged_negatives == "first"


def selected(verdicts: pl.DataFrame, settings: WriteSettings, people_first: bool) -> pl.DataFrame:
    """Return the rows of `verdicts` that are written as negatives.

    These are the kept rows of every query, best first by `order`, at most `num_negatives`. With `people_first`,
    what people judged not relevant stands before the rest. `sampling` says which: `top` takes the
    best-ranked, `random` draws without replacement from the `pool` best-ranked. A query's draw depends on
    `seed`, its query_id and its own kept rows alone, never on other queries.
    """
    kept = ordered(verdicts.filter("kept"), settings.order, people_first).with_columns(
        place=pl.int_range(pl.len()).over("query_id")
    )
    if settings.sampling == "random":
        kept = kept.filter(pl.col("place") < settings.pool)
        draws = pl.Series("draw", random_draws(kept["query_id"], kept["place"], settings.seed))
        kept = kept.with_columns(draws).with_columns(
            place=pl.col("draw").rank("ordinal").over("query_id") - 1
        )
    return kept.filter(pl.col("place") < settings.num_negatives).drop("place")


def ordered(kept: pl.DataFrame, order: str, people_first: bool) -> pl.DataFrame:
    """Return rows by fused rank (`fused`), or by the score that `order` names, best first.

    With `people_first`, those that people judged not relevant come first. Queries stay where they are. Ties
    in a score are broken by doc_id; rows without the score come last.
    """
    if order == "fused" and not people_first:
        return kept
    keys = [pl.col("query_id").rle_id()]
    if people_first:
        keys.append(pl.col("label") != JUDGED_NEGATIVE)
    if order != "fused":
        keys += [-pl.col(f"{order}_score"), pl.col("doc_id")]
    return kept.sort(*keys, nulls_last=True, maintain_order=True)
