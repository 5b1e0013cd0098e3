"""Where the scorers' artifacts lie: `rerank` in `3-rerank/<model>`, `guide` in `4-filter/guide-<model>`."""

from __future__ import annotations

from negmine.config.resolved import ResolvedConfig
from negmine.storage.layout import RISK, short_name


def scorers(config: ResolvedConfig) -> dict[str, str]:
    """Return column prefix to artifact of every scorer, in the order of `config.scorers`."""
    guides = dict(zip(config.guides, config.filter.guide_model, strict=True))
    return {name: _artifact(config, name, guides) for name in config.scorers}


def _artifact(config: ResolvedConfig, name: str, guides: dict[str, str]) -> str:
    if name == "rerank":
        return f"3-rerank/{short_name(str(config.rerank.rerank_model))}"
    if name in guides:
        return f"4-filter/{name}-{short_name(guides[name])}"
    return RISK if name == "risk" else str(judge(config))


def judge(config: ResolvedConfig) -> str | None:
    """Return the artifact of what the judge answered, if there is a judge."""
    model = config.filter.judge
    return None if model is None else f"4-filter/judge-{short_name(model)}"


def judge_check(config: ResolvedConfig) -> str | None:
    """Return the artifact of the judge's examination, if it has to pass one."""
    rules = config.filter
    if rules.judge is None or rules.judge_check == 0:
        return None
    return f"4-filter/judge-check-{short_name(rules.judge)}"
