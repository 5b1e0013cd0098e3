"""Hiding: what a work directory would look like if some positives were not known.

Hidden positives become unlabeled candidates like any other: they lose their label, do not count as
anchors or owners, and take a place in the pool only where a retriever found them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import polars as pl

from negmine.config.fusion import Fusion
from negmine.data.hashing import random_draws
from negmine.data.schemas import POSITIVE, UNLABELED
from negmine.errors import SettingsError
from negmine.stages.retrieve.compute import ranked
from negmine.stages.retrieve.fusion import fused_score

Hide = float | Literal["all-but-one"]
SEED = 13


def read_hide(text: str) -> Hide:
    """Return what --hide says: a share between 0 and 1, or all-but-one. Raises SettingsError."""
    if text == "all-but-one":
        return "all-but-one"
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise SettingsError(f"--hide {text}: say a share between 0 and 1, or all-but-one.")
    return share


def hidden(positives: pl.DataFrame, hide: Hide, seed: int = SEED) -> pl.DataFrame:
    """Return the pairs to hide: a share of each query's positives, at least one hidden and one left.

    known: query_id, doc_id. A query with one positive hides none. A query's draw depends on the seed,
    its id and its own positives alone.
    """
    ordered = positives.select("query_id", "doc_id").sort("query_id", "doc_id")
    places = ordered.with_columns(place=pl.int_range(pl.len()).over("query_id"))
    draws = pl.Series("draw", random_draws(places["query_id"], places["place"], seed))
    count = pl.len().over("query_id")
    share = 1.0 if hide == "all-but-one" else hide
    wanted = (count * share).round().clip(1).clip(upper_bound=count - 1)
    chosen = pl.col("draw").rank("ordinal").over("query_id") <= wanted
    return places.with_columns(draws).filter(chosen).select("query_id", "doc_id")


def as_if_hidden(
    candidates: pl.DataFrame,
    pairs: pl.DataFrame,
    retrievers: Sequence[str],
    k: int,
    fusion: Fusion,
) -> pl.DataFrame:
    """Return the candidates as they would be if `pairs` were not known, with the column `hidden`.

    A run ends at the k-th hit that is no known positive, so the last rows of a run fall out, and with
    them those that no other retriever found; what is left is fused again.
    """
    marks = pairs.with_columns(hidden=True)
    rows = (
        candidates.with_columns(row=pl.col("query_id").rle_id())
        .join(marks, on=["query_id", "doc_id"], how="left", maintain_order="left")
        .with_columns(pl.col("hidden").fill_null(False))
        .with_columns(label=pl.when("hidden").then(pl.lit(UNLABELED)).otherwise("label"))
    )
    is_positive = pl.col("label") == POSITIVE
    for name in retrievers:
        rank = pl.col(f"{name}_rank")
        counted = (
            rows.filter(rank.is_not_null())
            .sort("row", rank)
            .with_columns(new=rank - is_positive.cast(pl.Int32).cum_sum().over("row"))
        )
        inside = (pl.col("new") < k) | ((pl.col("new") == k) & ~is_positive)
        kept = counted.filter(inside).select("query_id", "doc_id", f"{name}_rank")
        rows = rows.drop(f"{name}_rank").join(kept, on=["query_id", "doc_id"], how="left")
    fused = rows.with_columns(score=fused_score(retrievers, fusion))
    return ranked(fused.filter(is_positive | pl.col("score").is_not_null())).drop("row")
