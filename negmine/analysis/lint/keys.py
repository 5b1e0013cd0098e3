"""Texts become keys: equal normalised texts have equal keys.

A key is two Polars hashes of the normalised text with different seeds, 128 bits: among 100 million texts
the chance that any two share one by accident is below 1e-22 (birthday bound n^2 / 2^129). Polars keeps its
hashes the same within a version only, so keys are never stored beyond one run.
"""

from __future__ import annotations

import polars as pl

SEEDS = (0x6E65676D, 0x696E6521)

# The columns of keys: of a document, and of its row's query.
TEXT_KEY, QUERY_KEY = ["text_a", "text_b"], ["query_a", "query_b"]


def keys(normalised: pl.Series, columns: list[str] = TEXT_KEY) -> pl.DataFrame:
    """Return the keys of normalised texts: two columns of uint64."""
    return pl.DataFrame(
        {name: normalised.hash(seed) for name, seed in zip(columns, SEEDS, strict=True)}
    )
