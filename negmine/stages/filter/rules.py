"""The rules: which candidates are not used, and the one reason why.

A rule is a Polars expression that is true where it fires. The table below is in the order they are
tried; the first that fires gives the reason. A rule never deletes a row.

Arithmetic is float32 and comparisons are strict, as in sentence-transformers: equality survives. The
anchor is the query's lowest positive score (`positive_score`).
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from negmine.config.effective import guide_names
from negmine.config.settings import FilterSettings
from negmine.data.schemas import PARTLY_RELEVANT, POSITIVE
from negmine.scorers.judge.base import ABSTAINED, RELEVANT
from negmine.stages.filter.risk.signals import LIKENESSES, OF_SCORES

Rule = Callable[[FilterSettings], pl.Expr | None]

OUTLIERS_FROM = 8  # scored candidates of a query


def _float32(value: float) -> pl.Expr:
    return pl.lit(value, pl.Float32)


def is_positive(settings: FilterSettings) -> pl.Expr:
    """The document is a known positive of the query."""
    return pl.col("label") == POSITIVE


def partly_relevant(settings: FilterSettings) -> pl.Expr:
    """People judged the document relevant, though not enough for a positive (`min_relevance`)."""
    return pl.col("label") == PARTLY_RELEVANT


def same_text_as_positive(settings: FilterSettings) -> pl.Expr:
    """The document's normalised text, with its title or without, is that of a positive of the query."""
    return pl.col("same_text_as_positive")


def same_text_as_query(settings: FilterSettings) -> pl.Expr:
    """The document's normalised text is the query's."""
    return pl.col("same_text_as_query")


def near_duplicate_of_positive(settings: FilterSettings) -> pl.Expr | None:
    """The document is at least `near_duplicate` like a positive of the query."""
    if settings.no_near_duplicate:
        return None
    return pl.col("positive_similarity") >= _float32(settings.near_duplicate)


def same_parent_as_positive(settings: FilterSettings) -> pl.Expr | None:
    """The document comes from the same article, thread ... as a positive of the query."""
    return pl.col("same_parent") if settings.same_parent is not None else None


def contains_answer(settings: FilterSettings) -> pl.Expr | None:
    """The document's text has one of the query's answers in it, as whole words (LLM-Embedder)."""
    return pl.col("contains_answer") if settings.contains_answer is not None else None


def in_skipped_top(settings: FilterSettings) -> pl.Expr | None:
    """The rank in the fused list is among the first `skip_top`."""
    return pl.col("rank") <= settings.skip_top if settings.skip_top else None


def not_scored(settings: FilterSettings) -> pl.Expr | None:
    """A threshold is set, and the candidate or every positive of the query has no such score."""
    if settings.unscored == "keep":
        return None
    missing = [pl.col(f"{name}_score").is_null() for name in signal_opinions(settings)]
    if reads_scores(settings):
        missing.append(_score(settings).is_null())
    if reads_anchor(settings):
        missing.append(pl.col("positive_score").is_null())
    return pl.any_horizontal(missing) if missing else None


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
        margin = float(settings.relative_margin)  # `auto` has become a number: see limits.py
        fires.append(score > anchor - anchor.abs() * _float32(margin))
    return pl.any_horizontal(fires) if fires else None


def above_percentile(settings: FilterSettings) -> pl.Expr | None:
    """The score is above a percentile of all known positives' scores (`percentile_limit`).

    A percentile means the same for every model, a score does not; after jansowa/mine-hard-negatives,
    which uses the empirical distribution of positives' cross-encoder scores.
    """
    if settings.max_percentile is None:
        return None
    return _score(settings) > pl.col("percentile_limit")


def above_positive(settings: FilterSettings) -> pl.Expr | None:
    """The score is above the anchor plus an allowance: s > p + offset (UniME, Gu et al. 2025)."""
    if settings.above_positive is None:
        return None
    return _score(settings) > pl.col("positive_score") + _float32(settings.above_positive)


def score_outlier(settings: FilterSettings) -> pl.Expr | None:
    """The score is above the upper whisker of the query's candidates: s > Q3 + w * (Q3 - Q1).

    Quartiles are x[int(l / 4)] and x[int(3 l / 4)] of the l sorted scores, as in UNPG (Jung et al.
    2022); a query with fewer than 8 scored candidates has no outliers.
    """
    if settings.iqr is None:
        return None
    score = _score(settings)
    asked = score.filter(pl.col("label") != POSITIVE).drop_nulls().sort()
    lower = asked.get(asked.len() // 4, null_on_oob=True)
    upper = asked.get(asked.len() * 3 // 4, null_on_oob=True)
    fence = pl.when(asked.len() >= OUTLIERS_FROM).then(
        upper + _float32(settings.iqr) * (upper - lower)
    )
    return score > fence.over("query_id")


def owned_by_similar_query(settings: FilterSettings) -> pl.Expr | None:
    """The document is a positive of another query that is at least this similar to the query.

    The owner-query test of SaHa ("From Generator to Embedder", 2025), with a threshold. A document
    that no query owns cannot be tested and passes.
    """
    if settings.owner_query is None:
        return None
    return pl.col("owner_query_similarity") >= _float32(settings.owner_query)


def above_max_signal(settings: FilterSettings) -> pl.Expr | None:
    """One of the signals that `max_signal` names is above its limit."""
    said = [limit.partition("=") for limit in settings.max_signal]
    fires = [pl.col(name) > float(limit) for name, _, limit in said]
    return pl.any_horizontal(fires) if fires else None


def too_risky(settings: FilterSettings) -> pl.Expr | None:
    """The learned risk of being relevant is above `max_risk`, or nobody knows it."""
    if settings.max_risk is None:
        return None
    return (pl.col("risk_score") > _float32(settings.max_risk)).fill_null(True)


def suspected_by_guide(settings: FilterSettings) -> pl.Expr | None:
    """A guide scores the document above its own anchor, less the margin (GISTEmbed, Solatorio 2024).

    The guide's anchor is its lowest score of the query's positives. Relative: s > t - |t| * m;
    absolute: s > t - m. A document that the guide did not score is suspected.
    """
    fires = []
    for name in guide_names(settings):
        score = pl.col(f"{name}_score")
        anchor = score.filter(pl.col("label") == POSITIVE).min().over("query_id")
        margin = _float32(settings.guide_margin)
        if settings.guide_margin_type == "relative":
            margin = anchor.abs() * margin
        fires.append((score > anchor - margin).fill_null(True))
    return pl.any_horizontal(fires) if fires else None


def judged_relevant(settings: FilterSettings) -> pl.Expr | None:
    """The LLM judge says that the document is relevant to the query."""
    return pl.col("judge_verdict") == RELEVANT if settings.judge is not None else None


def judge_abstained(settings: FilterSettings) -> pl.Expr | None:
    """The LLM judge was asked and gave no answer that counts."""
    return pl.col("judge_verdict") == ABSTAINED if settings.judge is not None else None


def not_judged(settings: FilterSettings) -> pl.Expr | None:
    """The LLM judge was not asked: there were enough negatives before, or the budget was spent."""
    return pl.col("judge_verdict").is_null() if settings.judge is not None else None


RULES: tuple[Rule, ...] = (
    is_positive,
    partly_relevant,
    same_text_as_positive,
    same_text_as_query,
    near_duplicate_of_positive,
    same_parent_as_positive,
    contains_answer,
    in_skipped_top,
    not_scored,
    above_max_score,
    below_min_score,
    too_close_to_positive,
    above_percentile,
    above_positive,
    score_outlier,
    owned_by_similar_query,
    above_max_signal,
    too_risky,
    suspected_by_guide,
    judged_relevant,
    judge_abstained,
    not_judged,
)
REASONS: tuple[str, ...] = tuple(rule.__name__ for rule in RULES)


def reads_anchor(settings: FilterSettings) -> bool:
    """Tell whether a margin or an allowance hangs from the positive's score."""
    hanging = (settings.absolute_margin, settings.relative_margin, settings.above_positive)
    return any(margin is not None for margin in hanging)


def signal_opinions(settings: FilterSettings) -> list[str]:
    """Return whose scores the signals of `max_signal` are made of: rerank for rerank_z=2."""
    named = [limit.partition("=")[0] for limit in settings.max_signal]
    found = (
        name.removesuffix(ending) for name in named for ending in OF_SCORES if name.endswith(ending)
    )
    return sorted(set(found) - set(LIKENESSES))


def reads_scores(settings: FilterSettings) -> bool:
    """Tell whether any threshold reads the candidate's score."""
    limits = (settings.max_score, settings.min_score, settings.iqr, settings.max_percentile)
    return reads_anchor(settings) or any(limit is not None for limit in limits)


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
