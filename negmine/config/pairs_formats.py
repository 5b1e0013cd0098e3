"""`--pairs-format`: the forms that a file of --pairs may have, and whether its negatives are candidates."""

from __future__ import annotations

from negmine.config.settings import IndexSettings

AUTO, PAIRS, TRIPLETS, FLAGEMBEDDING, TEVATRON = (
    "auto",
    "pairs",
    "triplets",
    "flagembedding",
    "tevatron",
)
WITH_NEGATIVES = (TRIPLETS, FLAGEMBEDDING, TEVATRON)
GIVEN = "given"  # the retriever that finds the negatives of --pairs


def has_negatives(index: IndexSettings) -> bool:
    """Tell whether --pairs is a file with negatives."""
    return index.pairs is not None and index.pairs_format in WITH_NEGATIVES


def has_given(index: IndexSettings) -> bool:
    """Tell whether the negatives of --pairs are candidates."""
    return has_negatives(index) and index.given_negatives
