"""Every kind of scorer: how its columns are called, and where its scores lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from negmine.config.resolved import ResolvedConfig
from negmine.storage.layout import RISK, short_name


@dataclass(frozen=True)
class ScorerType:
    """One kind of scorer.

    name: of its columns; the second of several is `guide_2`. family: what its artifacts' names begin with,
    before the name of the model. model: the name of the model behind a column, if there is one.
    scale: what its scores mean whatever the settings, where they always mean the same.
    """

    name: str
    family: str
    model: Callable[[ResolvedConfig, str], str | None] | None = None
    scale: str | None = None

    def has(self, column: str) -> bool:
        """Tell whether a column is of this kind: `guide_2` is of `guide`."""
        return column.partition("_")[0] == self.name

    def role(self, column: str) -> str:
        """Return the beginning of the name of a column's artifact: `4-filter/guide_2`."""
        return self.family.replace(self.name, column)

    def artifact(self, config: ResolvedConfig, column: str) -> str:
        """Return the artifact of a column's scores."""
        role = self.role(column)
        model = None if self.model is None else self.model(config, column)
        if model is None:
            return role
        return f"{role}{'-' if '/' in role else '/'}{short_name(model)}"


def _guide(config: ResolvedConfig, column: str) -> str:
    return config.filter.guide_model[config.guides.index(column)]


RERANK = ScorerType("rerank", "3-rerank", lambda config, column: config.rerank.rerank_model)
GUIDE = ScorerType("guide", "4-filter/guide", _guide)
RISK_SCORER = ScorerType("risk", RISK, scale="a probability")
JUDGE = ScorerType("judge", "4-filter/judge", lambda config, column: config.filter.judge)
SCORERS = (RERANK, GUIDE, RISK_SCORER, JUDGE)


def scorer_type(column: str) -> ScorerType | None:
    """Return the kind of scorer that a column belongs to; None for a retriever's."""
    return next((kind for kind in SCORERS if kind.has(column)), None)


def scorers(config: ResolvedConfig) -> dict[str, str]:
    """Return column prefix to artifact of every scorer, in the order of `config.scorers`."""
    return {
        column: kind.artifact(config, column)
        for column in config.scorers
        for kind in SCORERS
        if kind.has(column)
    }


def judge(config: ResolvedConfig) -> str | None:
    """Return the artifact of what the judge answered, if there is a judge."""
    return None if config.filter.judge is None else JUDGE.artifact(config, JUDGE.name)


def judge_check(config: ResolvedConfig) -> str | None:
    """Return the artifact of the judge's examination, if it has to pass one."""
    rules = config.filter
    if rules.judge is None or rules.judge_check == 0:
        return None
    return f"{JUDGE.family}-check-{short_name(rules.judge)}"


def judge_suspects(config: ResolvedConfig) -> str | None:
    """Return the artifact of what the judge answered about suspected positives, if it is asked."""
    rules = config.filter
    if rules.judge is None or not rules.judge_suspects or not rules.suspects:
        return None
    return f"{JUDGE.family}-suspects-{short_name(rules.judge)}"
