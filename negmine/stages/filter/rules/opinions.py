"""Rules that read what others say of a document: other queries, signals, the risk, guides, the judge."""

from __future__ import annotations

import polars as pl

from negmine.config.effective import guide_names
from negmine.config.settings import FilterSettings
from negmine.data.schemas import POSITIVE
from negmine.scorers.judge.base import ABSTAINED, RELEVANT
from negmine.stages.filter.rules.rule import (
    GUIDE,
    JUDGE,
    RISK,
    SIGNALS,
    SIMILARITIES,
    Rule,
    float32,
)

_JUDGES = ("judge_model", "judge_local")


def owned_by_similar_query(settings: FilterSettings) -> pl.Expr | None:
    """The document is a positive of another query whose similarity to this one is at least `owner_query`.

    A document that is a positive of no query cannot be tested, and is kept.

    Source: the owner-query test of SaHa ("From Generator to Embedder", 2025), with a threshold.
    """
    if settings.owner_query is None:
        return None
    return pl.col("owner_query_similarity") >= float32(settings.owner_query)


def near_positives(settings: FilterSettings) -> pl.Expr | None:
    """The pair lies among positive pairs: its `near_positives` nearest ones are nearer than as many negative.

    Source: label cleaning by nearest neighbours, as tried on TACRED; see data/pair_neighbours.py.
    """
    if settings.near_positives is None:
        return None
    return pl.col("neighbours") > 0


def above_max_signal(settings: FilterSettings) -> pl.Expr | None:
    """One of the signals that `max_signal` names is above its limit."""
    limits = [limit.partition("=") for limit in settings.max_signal]
    fires = [pl.col(name) > float(limit) for name, _, limit in limits]
    return pl.any_horizontal(fires) if fires else None


def too_risky(settings: FilterSettings) -> pl.Expr | None:
    """The document's learned risk of being relevant is above `max_risk`, or is unknown."""
    if settings.max_risk is None:
        return None
    return (pl.col("risk_score") > float32(settings.max_risk)).fill_null(True)


def suspected_by_guide(settings: FilterSettings) -> pl.Expr | None:
    """A guide scores the document above its own anchor minus `guide_margin`.

    The guide's anchor t is its lowest score of the query's positives. Relative margin: s > t - |t| * m.
    Absolute margin: s > t - m. A document that the guide did not score is suspected.

    Source: GISTEmbed (Solatorio 2024).
    """
    fires = []
    for name in guide_names(settings):
        score = pl.col(f"{name}_score")
        anchor = score.filter(pl.col("label") == POSITIVE).min().over("query_id")
        margin = float32(settings.guide_margin)
        if settings.guide_margin_type == "relative":
            margin = anchor.abs() * margin
        fires.append((score > anchor - margin).fill_null(True))
    return pl.any_horizontal(fires) if fires else None


def judged_relevant(settings: FilterSettings) -> pl.Expr | None:
    """The LLM judge says that the document is relevant to the query.

    Source: UniME-V2 (Gu et al. 2025) for the method `logprob`.
    """
    return pl.col("judge_verdict") == RELEVANT if settings.judge is not None else None


def judge_abstained(settings: FilterSettings) -> pl.Expr | None:
    """The LLM judge was asked, and none of its answers counts."""
    return pl.col("judge_verdict") == ABSTAINED if settings.judge is not None else None


def not_judged(settings: FilterSettings) -> pl.Expr | None:
    """The LLM judge was not asked: there were enough negatives before, or the budget was spent."""
    return pl.col("judge_verdict").is_null() if settings.judge is not None else None


RULES = (
    Rule(
        "owned_by_similar_query",
        ("owner_query",),
        owned_by_similar_query,
        needs=("owner_query_similarity",),
        sweepable={"owner_query": "lower"},
        suspects=True,
    ),
    Rule(
        "near_positives",
        ("near_positives",),
        near_positives,
        needs=("neighbours",),
        suspects=True,
    ),
    Rule(
        "above_max_signal",
        ("max_signal",),
        above_max_signal,
        needs=(SIGNALS, *SIMILARITIES),
        suspects=True,
    ),
    Rule(
        "too_risky",
        ("max_risk", "no_risk"),
        too_risky,
        needs=(RISK, *SIMILARITIES),
        sweepable={"max_risk": "lower"},
        lines=("max_risk",),
        suspects=True,
    ),
    Rule(
        "suspected_by_guide",
        ("guide_margin", "guide_margin_type"),
        suspected_by_guide,
        models=("guide_model",),
        needs=(GUIDE,),
        suspects=True,
    ),
    Rule("judged_relevant", (), judged_relevant, models=_JUDGES, needs=(JUDGE,), suspects=True),
    Rule("judge_abstained", (), judge_abstained, models=_JUDGES, needs=(JUDGE,), suspects=True),
    Rule("not_judged", (), not_judged, models=_JUDGES, needs=(JUDGE,), suspects=True),
)
