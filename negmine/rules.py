"""The rules: which candidates are not used, and the one reason why.

A rule is a Polars expression that is true where it fires. The table below is in the order they are
tried; the first that fires gives the reason. A rule never deletes a row.

Arithmetic is float32 and comparisons are strict, as in sentence-transformers: equality survives. The
anchor is the query's lowest positive score (`positive_score`).
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from negmine.schemas import POSITIVE
from negmine.settings import FilterSettings

Rule = Callable[[FilterSettings], pl.Expr | None]

NEVER = pl.lit(False)


def _float32(value: float) -> pl.Expr:
    return pl.lit(value, pl.Float32)


def is_positive(settings: FilterSettings) -> pl.Expr:
    """The document is a known positive of the query."""
    return pl.col("label") == POSITIVE


def same_text_as_positive(settings: FilterSettings) -> pl.Expr:
    """The document's normalised text is that of a positive of the query."""
    return pl.col("same_text_as_positive")


def same_text_as_query(settings: FilterSettings) -> pl.Expr:
    """The document's normalised text is the query's."""
    return pl.col("same_text_as_query")


def near_duplicate_of_positive(settings: FilterSettings) -> pl.Expr | None:
    """The document is at least `near_duplicate` like a positive of the query."""
    if settings.no_near_duplicate:
        return None
    return pl.col("positive_similarity") >= _float32(settings.near_duplicate)


def in_skipped_top(settings: FilterSettings) -> pl.Expr | None:
    """The rank in the fused list is among the first `skip_top`."""
    return pl.col("rank") <= settings.skip_top if settings.skip_top else None


def not_scored(settings: FilterSettings) -> pl.Expr | None:
    """A threshold is set, and the candidate or every positive of the query has no such score."""
    if not reads_scores(settings):
        return None
    anchor = pl.col("positive_score").is_null() if reads_anchor(settings) else NEVER
    return _score(settings).is_null() | anchor


def above_max_score(settings: FilterSettings) -> pl.Expr | None:
    """The score is above `max_score`."""
    return None if settings.max_score is None else _score(settings) > _float32(settings.max_score)


def below_min_score(settings: FilterSettings) -> pl.Expr | None:
    """The score is below `min_score`."""
    return None if settings.min_score is None else _score(settings) < _float32(settings.min_score)


def too_close_to_positive(settings: FilterSettings) -> pl.Expr | None:
    """The score is within the absolute or relative margin of the anchor, or above it.

    Relative: score > anchor - |anchor| * m. The absolute value keeps the threshold below the anchor
    when scores are negative (sentence-transformers issue 3819). TopK-PercPos of NV-Retriever
    (Moreira et al. 2024) is m = 0.05 where it says 95 %.
    """
    score, anchor = _score(settings), pl.col("positive_score")
    fires = []
    if settings.absolute_margin is not None:
        fires.append(score + _float32(settings.absolute_margin) > anchor)
    if settings.relative_margin is not None:
        fires.append(score > anchor - anchor.abs() * _float32(settings.relative_margin))
    return pl.any_horizontal(fires) if fires else None


RULES: tuple[Rule, ...] = (
    is_positive,
    same_text_as_positive,
    same_text_as_query,
    near_duplicate_of_positive,
    in_skipped_top,
    not_scored,
    above_max_score,
    below_min_score,
    too_close_to_positive,
)
REASONS: tuple[str, ...] = tuple(rule.__name__ for rule in RULES)


def reads_anchor(settings: FilterSettings) -> bool:
    """Tell whether a margin hangs from the positive's score."""
    return settings.absolute_margin is not None or settings.relative_margin is not None


def reads_scores(settings: FilterSettings) -> bool:
    """Tell whether any threshold reads the candidate's score."""
    return (
        reads_anchor(settings) or settings.max_score is not None or settings.min_score is not None
    )


def reason(settings: FilterSettings) -> pl.Expr:
    """The name of the first rule that fires, or null."""
    chosen = ((rule.__name__, rule(settings)) for rule in RULES)
    fired = [
        pl.when(fires.fill_null(False)).then(pl.lit(name))
        for name, fires in chosen
        if fires is not None
    ]
    return pl.coalesce(fired).cast(pl.String).alias("reason")


def _score(settings: FilterSettings) -> pl.Expr:
    return pl.col(f"{settings.score}_score")
