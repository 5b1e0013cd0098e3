"""Rules about the document itself: its label, text, parent, answers, and place in the fused list."""

from __future__ import annotations

import polars as pl

from negmine.config.settings import FilterSettings
from negmine.data.schemas import PARTLY_RELEVANT, POSITIVE
from negmine.stages.filter.rules.rule import Rule, float32


def is_positive(settings: FilterSettings) -> pl.Expr:
    """The document is a known positive of the query."""
    return pl.col("label") == POSITIVE


def partly_relevant(settings: FilterSettings) -> pl.Expr:
    """People judged the document relevant, but less than a positive must be (`min_relevance`)."""
    return pl.col("label") == PARTLY_RELEVANT


def same_text_as_positive(settings: FilterSettings) -> pl.Expr:
    """The document's normalised text, with its title or without, is that of a positive of the query."""
    return pl.col("same_text_as_positive")


def same_text_as_query(settings: FilterSettings) -> pl.Expr:
    """The document's normalised text is the query's."""
    return pl.col("same_text_as_query")


def near_duplicate_of_positive(settings: FilterSettings) -> pl.Expr | None:
    """The document's similarity to a positive of the query is at least `near_duplicate`."""
    if settings.no_near_duplicate:
        return None
    return pl.col("positive_similarity") >= float32(settings.near_duplicate)


def same_parent_as_positive(settings: FilterSettings) -> pl.Expr | None:
    """The document comes from the same article, thread or page as a positive of the query."""
    return pl.col("same_parent") if settings.same_parent is not None else None


def contains_answer(settings: FilterSettings) -> pl.Expr | None:
    """The document's text contains one of the query's answers, as whole words.

    Source: LLM-Embedder (Zhang et al. 2023), which matches substrings.
    """
    return pl.col("contains_answer") if settings.contains_answer is not None else None


def contaminated(settings: FilterSettings) -> pl.Expr | None:
    """The query or the document also stands in an evaluation set, and `drop_contaminated` drops it.

    Source: ConTAM (Singh et al. 2024, arXiv 2411.03923) for the longest copied span.
    """
    if not settings.decontaminate or settings.drop_contaminated == "none":
        return None
    return pl.col("contaminated")


def in_skipped_top(settings: FilterSettings) -> pl.Expr | None:
    """The document's rank in the fused list is among the first `skip_top`."""
    return pl.col("rank") <= settings.skip_top if settings.skip_top else None


RULES = (
    Rule("is_positive", (), is_positive, always_on=True),
    Rule("partly_relevant", (), partly_relevant, always_on=True),
    Rule("contaminated", ("drop_contaminated",), contaminated, models=("decontaminate",)),
    Rule("same_text_as_positive", (), same_text_as_positive, always_on=True),
    Rule("same_text_as_query", (), same_text_as_query, always_on=True),
    Rule(
        "near_duplicate_of_positive",
        ("near_duplicate", "no_near_duplicate"),
        near_duplicate_of_positive,
        needs=("positive_similarity",),
        sweepable={"near_duplicate": "lower"},
        off={"no_near_duplicate": True},
    ),
    Rule(
        "same_parent_as_positive",
        ("same_parent",),
        same_parent_as_positive,
        needs=("same_parent",),
        suspects=True,
    ),
    Rule(
        "contains_answer",
        ("contains_answer",),
        contains_answer,
        needs=("contains_answer",),
        suspects=True,
    ),
    Rule(
        "in_skipped_top",
        ("skip_top",),
        in_skipped_top,
        sweepable={"skip_top": "higher"},
        suspects=True,
    ),
)
