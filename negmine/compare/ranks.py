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
    dense = (pl.col(name).rank("dense").over("query_id").cast(pl.Int64) for name in ("x", "y"))
    rows = pairs.drop_nulls().with_columns(*dense).sort("query_id", "x", "y")
    if rows.is_empty():
        return pl.DataFrame(schema={"query_id": pairs["query_id"].dtype, "tau": pl.Float64})
    rows = rows.with_columns(tied_x=_tied("x"), tied_y=_tied("y"), tied=_tied("x", "y"))
    counts = rows.group_by("query_id", maintain_order=True).agg(
        pairs=pl.len().cast(pl.Float64) * (pl.len() - 1.0) / 2,
        tied_x=pl.col("tied_x").sum() / 2,
        tied_y=pl.col("tied_y").sum() / 2,
        tied=pl.col("tied").sum() / 2,
    )
    opposite = discordant(rows["query_id"].rle_id().to_numpy(), rows["y"].to_numpy())
    all_pairs, x, y, both = (pl.col(name) for name in ("pairs", "tied_x", "tied_y", "tied"))
    apart = (all_pairs - x) * (all_pairs - y)
    over = all_pairs - x - y + both - 2 * pl.col("opposite")
    tau = pl.when(apart > 0).then((over / apart.sqrt()).clip(-1, 1))
    return counts.with_columns(opposite=pl.Series(opposite)).select("query_id", tau=tau)


def _tied(*columns: str) -> pl.Expr:
    """The documents tied with each; half their sum is the number of tied pairs."""
    return (pl.len().over("query_id", *columns) - 1).cast(pl.Float64)


def discordant(group: NDArray[np.integer], y: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return for every group the number of pairs (i < j) with y[i] > y[j], float64 [groups].

    group: [rows], from 0, sorted. y: [rows], not negative. From the highest bit of y down, rows whose
    higher bits agree stand together; among them every 1 that stands before a 0 is a pair. Rows are
    sorted once per bit: n log n altogether.
    """
    bits = int(y.max()).bit_length()
    key = (group.astype(np.int64) << bits) | y.astype(np.int64)
    found = np.zeros(int(group[-1]) + 1)
    for bit in reversed(range(bits)):
        one, block = (key >> bit) & 1, key >> (bit + 1)
        first = np.flatnonzero(np.r_[True, block[1:] != block[:-1]])
        ones = np.cumsum(one) - one
        before = ones - np.repeat(ones[first], np.diff(np.r_[first, len(key)]))
        found += np.bincount(key >> bits, np.where(one == 0, before, 0), minlength=len(found))
        key = key[np.argsort(key >> bit, kind="stable")]
    return found
