"""Texts become keys: equal normalised texts have equal keys.

A key is two Polars hashes of the normalised text with different seeds, 128 bits: among 100 million texts
the chance that any two share one by accident is below 1e-22 (birthday bound n^2 / 2^129). Polars keeps its
hashes the same within a version only, so keys are never stored beyond one run.
"""

from __future__ import annotations

import polars as pl

SEEDS = (0x6E65676D, 0x696E6521)


def keys(normalised: pl.Series) -> pl.DataFrame:
    """Return the keys of normalised texts: a, b (uint64)."""
    return pl.DataFrame(
        {name: normalised.hash(seed) for name, seed in zip("ab", SEEDS, strict=True)}
    )
