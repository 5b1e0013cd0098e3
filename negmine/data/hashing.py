"""64-bit hashes and random draws, the same on every machine."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
from numpy.typing import NDArray

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def splitmix64(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the output of splitmix64 for every state (Steele, Lea and Flood 2014)."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def name_hashes(names: pl.Series, seed: int) -> pl.Series:
    """Return a uint64 per name: 8 bytes of blake2b of seed and name."""
    distinct = names.unique(maintain_order=True)
    hashes = [
        int.from_bytes(
            hashlib.blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest(), "little"
        )
        for name in distinct
    ]
    table = pl.DataFrame({"name": distinct, "hash": pl.Series(hashes, dtype=pl.UInt64)})
    return names.alias("name").to_frame().join(table, on="name", maintain_order="left")["hash"]


def random_draws(query_ids: pl.Series, places: pl.Series, seed: int) -> NDArray[np.uint64]:
    """Return a random uint64 per row: splitmix64 of query and place.

    A query's draws depend on the seed, its own id and the places alone, never on other queries.
    """
    start = name_hashes(query_ids, seed).to_numpy()
    state: NDArray[np.uint64] = (
        start + (places.to_numpy().astype(np.uint64) + np.uint64(1)) * GOLDEN
    )
    return splitmix64(state)
