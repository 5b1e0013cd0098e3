"""Settings that cannot work together, or have a value that cannot be read: one message each."""

from __future__ import annotations

from typing import Any

from negmine.config.endpoints import budget_of, check_url
from negmine.config.extra import extra_fields
from negmine.config.fusion import fusion_of
from negmine.config.generating import check_generating
from negmine.config.idle import refuse_idle
from negmine.config.naming import flag, nearest
from negmine.config.resolved import ResolvedConfig
from negmine.config.sampling import SETTINGS as SAMPLING_SETTINGS
from negmine.config.sampling import band_of
from negmine.config.secrets import has_secret
from negmine.config.settings import FilterSettings
from negmine.config.settings.filter import EVAL_TESTS
from negmine.errors import SettingsError


def check(config: ResolvedConfig) -> None:
    """Refuse settings that cannot work together, as far as no retriever's own are meant.

    Raises SettingsError.
    """
    index, rules = config.index, config.given.filter
    names = list(index.retriever)
    if len(set(names)) != len(names) or not names:
        raise SettingsError(
            f"--retriever: name each once, and at least one. Given: {', '.join(names) or 'none'}."
        )
    if index.devices is not None and index.device != "auto":
        raise SettingsError(
            f"--device {index.device} and --devices {index.devices} both say where models run. "
            "Leave one out."
        )
    if not isinstance(rules.anchor, str) and not 0 <= rules.anchor <= 1:
        raise SettingsError(f"--anchor {rules.anchor:g}: a quantile is a number from 0 to 1.")
    fusion_of(config)
    _check_thresholds(rules)
    for field in ("relative_margin", "max_risk"):
        negation = {"relative_margin": "no_relative_margin", "max_risk": "no_risk"}[field]
        if getattr(rules, field) is not None and getattr(rules, negation):
            raise SettingsError(f"{flag(field)} and {flag(negation)} contradict each other.")
    _check_evaluation(rules)
    _check_selection(config)
    _check_suspects(config)
    _check_judge(config)
    judge_budget(rules)
    judge_extra(rules)
    check_generating(config.given.generate)
    _check_guides(rules)
    refuse_idle(config)


def _check_evaluation(rules: FilterSettings) -> None:
    for test in rules.eval_test:
        if test not in EVAL_TESTS:
            raise SettingsError(
                f"--eval-test {test}: there is no such test.{nearest(test, EVAL_TESTS)} "
                f"There are: {', '.join(EVAL_TESTS)}."
            )


def _check_selection(config: ResolvedConfig) -> None:
    write = config.write
    sampling = f"--sampling {write.sampling}"
    if "pool" in SAMPLING_SETTINGS[write.sampling] and write.pool < write.num_negatives:
        raise SettingsError(
            f"--pool {write.pool} is smaller than --num-negatives {write.num_negatives}. Raise --pool."
        )
    band_of(write.band)
    if write.sampling in ("one-per-retriever", "round-robin") and len(config.retrievers) < 2:
        raise SettingsError(f"{sampling} needs two retrievers or more. Add --retriever.")
    if write.sampling == "diverse" and config.vector_retriever is None:
        raise SettingsError(f"{sampling} compares vectors of documents. Add --retriever dense.")
    if write.drop_positives == "suspected" and not config.filter.suspects:
        raise SettingsError(
            "--drop-positives suspected: no positive is suspected without --suspect-share, "
            "--suspect-deviations or --suspect-neighbours. Give one, such as --suspect-share 0.75. To turn all "
            "off, first run: negmine write WORK --drop-positives none."
        )
    if write.weight == "risk" and config.filter.max_risk is None:
        raise SettingsError("--weight risk needs the learned risk. Give --max-risk, such as 0.05.")


def _check_suspects(config: ResolvedConfig) -> None:
    rules = config.filter
    if rules.suspect_neighbours is not None and config.vector_retriever is None:
        raise SettingsError(
            "--suspect-neighbours compares vectors of pairs. Add --retriever dense."
        )


def _check_judge(config: ResolvedConfig) -> None:
    rules = config.filter
    if rules.judge_url is not None:
        check_url("--judge-url", rules.judge_url, "NEGMINE_JUDGE_KEY")
    if rules.judge_extra is not None and has_secret(rules.judge_extra):
        raise SettingsError(
            "--judge-extra has the judge's key in it, and would be stored. Leave it out: the key is sent from "
            "NEGMINE_JUDGE_KEY."
        )
    if (rules.judge_url is None) != (not rules.judge_model):
        raise SettingsError(
            "--judge-url and --judge-model go together. Give both, or turn both off: --judge-url none "
            "--judge-model none."
        )
    if rules.judge_url is not None and rules.judge_local is not None:
        raise SettingsError("--judge-url and --judge-local: there is one judge. Leave one out.")
    if rules.judge_first is not None and (
        rules.judge_url is None or rules.judge_method != "verdict"
    ):
        raise SettingsError("--judge-first needs --judge-url and --judge-method verdict.")
    if config.write.relabel:
        _check_relabel(rules)


def _check_relabel(rules: FilterSettings) -> None:
    if rules.judge is None and rules.near_positives is None:
        raise SettingsError(
            "--relabel writes what a judge, or --near-positives, calls relevant. Give --judge-url and "
            "--judge-model, or --near-positives 10 and --suspect-reference judged."
        )
    if rules.near_positives is not None and rules.suspect_reference != "judged":
        raise SettingsError(
            "--relabel with --near-positives: pairs whose label nobody has checked make no new positives. Give "
            "--suspect-reference judged, or leave one of the two out."
        )


def _check_thresholds(rules: FilterSettings) -> None:
    margin, lowest, highest = rules.relative_margin, rules.min_score, rules.max_score
    if not isinstance(margin, str) and margin is not None and not -1 <= margin <= 1:
        raise SettingsError(
            f"--relative-margin {margin}: it is a share of the anchor, between -1 and 1. Say 0.05 for 5 %."
        )
    if lowest is not None and highest is not None and lowest > highest:
        raise SettingsError(
            f"--min-score {lowest} is above --max-score {highest}: nothing would pass. Change one."
        )


def judge_budget(rules: FilterSettings) -> dict[str, int]:
    """Return what --judge-budget allows: {"calls": 5000} or {"tokens": 2000000}, or nothing said."""
    return budget_of("--judge-budget", rules.judge_budget, "calls")


def judge_extra(rules: FilterSettings) -> dict[str, Any]:
    """Return what --judge-extra adds to the body of every call, and what it removes (null)."""
    return extra_fields("--judge-extra", rules.judge_extra, "--judge-url", rules.judge_url)


def _check_guides(rules: FilterSettings) -> None:
    """Refuse prompts and lengths that cannot be told apart by guide."""
    guides = len(rules.guide_model)
    for field in ("guide_query_prompt", "guide_document_prompt", "guide_max_length"):
        given = len(getattr(rules, field))
        if guides and given not in (0, 1, guides):
            raise SettingsError(
                f"{flag(field)} is given {given} times for {guides} guides. Give it once for all, or "
                "once for each, in the order of --guide-model."
            )
    if any(length <= 0 for length in rules.guide_max_length):
        raise SettingsError(f"--guide-max-length {min(rules.guide_max_length)}: give 1 or more.")
