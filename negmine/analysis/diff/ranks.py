"""Kendall's tau-b of two scores in every query at once, without a loop over queries."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray


def taus(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return query_id, tau (float64) of every query: tau-b of x and y (Kendall 1945).

    pairs: query_id, x, y, a row per document. tau = (C - D) / sqrt((n0 - n1) (n0 - n2)) with n0 pairs of
    documents, n1 of them tied in x, n2 in y, C in the same order in both, D in opposite orders. Rows
    without x or y do not count; null where x or y tell no two documents apart.
    """
    scored = pairs.drop_nulls().sort("query_id")
    query_ids = scored["query_id"].unique(maintain_order=True)
    if scored.is_empty():
        return query_ids.to_frame().with_columns(tau=pl.lit(None, pl.Float64))
    dense = (pl.col(name).rank("dense").over("query").cast(pl.Int64) for name in ("x", "y"))
    numbered = scored.select(pl.col("query_id").rle_id().alias("query"), "x", "y")
    rows = numbered.with_columns(*dense).sort("query", "x", "y")
    tied = {"tied_x": _tied("x"), "tied_y": _tied("y"), "tied": _tied("x", "y")}
    counts = (
        rows.with_columns(**tied)
        .group_by("query", maintain_order=True)
        .agg(pl.col(*tied).sum() / 2, pairs=pl.len().cast(pl.Float64) * (pl.len() - 1.0) / 2)
    )
    opposite = discordant(rows["query"].to_numpy(), rows["y"].to_numpy())
    all_pairs, x, y, both = (pl.col(name) for name in ("pairs", *tied))
    apart = (all_pairs - x) * (all_pairs - y)
    over = all_pairs - x - y + both - 2 * pl.Series(opposite)
    tau = pl.when(apart > 0).then((over / apart.sqrt()).clip(-1, 1))
    return counts.select(query_ids, tau=tau)


def _tied(*columns: str) -> pl.Expr:
    """Return how many other documents each is tied with; half of the sum is the number of tied pairs."""
    return (pl.len().over("query", *columns) - 1).cast(pl.Float64)


def discordant(group: NDArray[np.integer], y: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return for every group the number of pairs (i < j) with y[i] > y[j], float64 [groups].

    group: [rows], from 0, sorted. y: [rows], not negative. From the highest bit of y down, rows whose
    higher bits agree stand together; among them every 1 that stands before a 0 is a pair. Rows are
    sorted once per bit: n log n altogether.
    """
    bits = int(y.max()).bit_length()
    key = (group.astype(np.int64) << bits) | y.astype(np.int64)
    pairs = np.zeros(int(group[-1]) + 1)
    for bit in reversed(range(bits)):
        one, block = (key >> bit) & 1, key >> (bit + 1)
        first = np.flatnonzero(np.r_[True, block[1:] != block[:-1]])
        ones = np.cumsum(one) - one
        before = ones - np.repeat(ones[first], np.diff(np.r_[first, len(key)]))
        pairs += np.bincount(key >> bits, np.where(one == 0, before, 0), minlength=len(pairs))
        key = key[np.argsort(key >> bit, kind="stable")]
    return pairs
