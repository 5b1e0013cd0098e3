"""What settings come to: who scores, and which rules are on once defaults are worked out."""

from __future__ import annotations

from negmine.config.settings import FilterSettings, Settings

MAX_RISK = 0.05  # docs/explanation/how-much-do-negatives-lie.md says what it costs and saves
MARGIN = 0.05  # NV-Retriever's 95 %, what most miners use


def opinions(settings: Settings) -> list[str]:
    """Return the column prefixes of all who score before the risk is learned: retrievers, scorers."""
    names = [retriever_name(spec) for spec in settings.index.retriever]
    return names + [name for name in scorer_names(settings) if name not in ("risk", "judge")]


def signal_names(settings: Settings) -> list[str]:
    """Return the names of the signals that --max-signal can limit."""
    from negmine.stages.filter.risk import signals

    return signals.limited(opinions(settings))


def retriever_name(spec: str) -> str:
    """Return the column prefix of a retriever: its name, or the factory's for `package.module:factory`."""
    return spec.rsplit(":", 1)[-1]


def scorer_names(settings: Settings) -> list[str]:
    """Return the column prefixes of the scorers: rerank, guide, guide_2 ..., risk, judge."""
    rerank = ["rerank"] if settings.rerank.rerank_model is not None else []
    risk = ["risk"] if effective_rules(settings).max_risk is not None else []
    judge = ["judge"] if settings.filter.judge is not None else []
    return rerank + guide_names(settings.filter) + risk + judge


def guide_names(rules: FilterSettings) -> list[str]:
    """Return the column prefixes of the guides: guide, guide_2, guide_3 ..."""
    return [f"guide_{n}" if n > 1 else "guide" for n in range(1, len(rules.guide_model) + 1)]


def threshold_score(settings: Settings) -> str:
    """Return the retriever whose score thresholds read: --score, else dense, else the first."""
    names = [retriever_name(spec) for spec in settings.index.retriever]
    return settings.filter.score or ("dense" if "dense" in names else names[0])


def effective_rules(settings: Settings) -> FilterSettings:
    """Return the rules with their defaults worked out, as they shape `verdicts`."""
    rules = settings.filter
    margin = rules.relative_margin
    unset = margin is None and rules.absolute_margin is None and not rules.no_relative_margin
    score = threshold_score(settings)
    if unset and score == "dense":
        margin = MARGIN
    risk = rules.max_risk
    wanted = "dense" in settings.index.retriever or rules.max_leak is not None
    if risk is None and wanted and not rules.no_risk:
        risk = MAX_RISK
    update = {"score": score, "relative_margin": margin, "max_risk": risk}
    return rules.model_copy(update=update)
