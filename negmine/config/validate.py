"""Settings that cannot work together, or say what cannot be read: each refused in one message."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from negmine.config.effective import retriever_name, scorer_names, signal_names
from negmine.config.memory import read_memory
from negmine.config.naming import flag, nearest
from negmine.config.settings import FilterSettings, IndexSettings, Settings
from negmine.errors import SettingsError


def check(settings: Settings) -> None:
    """Refuse settings that cannot work together."""
    index, rules, write = settings.index, settings.filter, settings.write
    read_memory(index.memory)
    _check_retrievers(index)
    if index.devices is not None and index.device != "auto":
        raise SettingsError(
            f"--device {index.device} and --devices {index.devices} both say where models run. "
            "Leave one out."
        )
    _check_search(settings)
    _check_thresholds(rules)
    for field in ("relative_margin", "max_risk"):
        negation = {"relative_margin": "no_relative_margin", "max_risk": "no_risk"}[field]
        if getattr(rules, field) is not None and getattr(rules, negation):
            raise SettingsError(f"{flag(field)} and {flag(negation)} contradict each other.")
    if write.sampling == "random" and write.pool < write.num_negatives:
        raise SettingsError(
            f"--pool {write.pool} is smaller than --num-negatives {write.num_negatives}. Raise --pool."
        )
    _check_judge(settings)
    judge_budget(rules)
    signal_limits(settings)
    judge_extra(rules)
    _check_guides(rules)
    _check_scores(settings)


def _check_judge(settings: Settings) -> None:
    rules = settings.filter
    if rules.judge_url is not None and not _is_web_address(rules.judge_url):
        raise SettingsError(
            f"--judge-url {rules.judge_url!r} is no web address. Say http://HOST:PORT/v1 or https://HOST/v1."
        )
    if (rules.judge_url is None) != (not rules.judge_model):
        raise SettingsError("--judge-url and --judge-model go together. Give both or none.")
    if rules.judge_url is not None and rules.judge_local is not None:
        raise SettingsError("--judge-url and --judge-local: there is one judge. Leave one out.")
    if rules.judge_first is not None and (
        rules.judge_url is None or rules.judge_method != "verdict"
    ):
        raise SettingsError("--judge-first needs --judge-url and --judge-method verdict.")
    if settings.write.relabel and rules.judge is None:
        raise SettingsError(
            "--relabel writes what a judge calls relevant. Give --judge-url and --judge-model."
        )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return False
    return known and bool(parts.hostname) and url.isascii() and not re.search(r"\s", url)


def _check_retrievers(index: IndexSettings) -> None:
    if (index.query_vectors is None) != (index.document_vectors is None):
        raise SettingsError(
            "--query-vectors and --document-vectors go together. Give both or none."
        )
    if index.query_vectors and "dense" not in index.retriever:
        raise SettingsError("--query-vectors are for the dense retriever. Add --retriever dense.")
    if index.query_vectors and "model" in index.model_fields_set:
        raise SettingsError(
            f"--model {index.model}: with your own vectors no model is asked. Leave one of them out."
        )
    if index.dense_scope == "candidates" and (
        set(index.retriever) <= {"dense"} or index.document_vectors is not None
    ):
        raise SettingsError(
            "--dense-scope candidates encodes what another retriever found. Name one beside dense, and bring "
            "no vectors along."
        )
    if len(set(index.retriever)) != len(index.retriever) or not index.retriever:
        given = ", ".join(index.retriever) or "none"
        raise SettingsError(f"--retriever: name each once, and at least one. Given: {given}.")


def _check_search(settings: Settings) -> None:
    index, retrieve = settings.index, settings.retrieve
    if index.dense_scope == "candidates" and "dense" not in index.retriever:
        raise SettingsError(
            "--dense-scope candidates is for the dense retriever. Add --retriever dense."
        )
    encodes = "dense" in index.retriever and index.document_vectors is None
    if index.devices is not None and not encodes and not settings.filter.guide_model:
        raise SettingsError(
            f"--devices {index.devices}: nothing is encoded here. Leave it out, or add --retriever dense."
        )
    if index.index != "flat" and "dense" not in index.retriever:
        raise SettingsError(
            f"--index {index.index} is for the dense retriever. Add --retriever dense."
        )
    for field in ("nprobe", "ef_search"):
        if getattr(retrieve, field) is not None and index.index == "flat":
            raise SettingsError(
                f"{flag(field)}: --index flat looks at every vector. Name an index that it is for."
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
    if rules.judge_budget is None:
        return {}
    found = re.fullmatch(r"([\d_]+) ?(calls|tokens)?", rules.judge_budget)
    if found is None:
        raise SettingsError(
            f"--judge-budget {rules.judge_budget}: say 5000, or 5000calls, or 2000000tokens."
        )
    return {found[2] or "calls": int(found[1].replace("_", ""))}


def signal_limits(settings: Settings) -> dict[str, float]:
    """Return what --max-signal says: signal name to limit. Raises SettingsError for one that is none."""
    known = signal_names(settings) if settings.filter.max_signal else []
    limits = {}
    for said in settings.filter.max_signal:
        name, _, limit = said.partition("=")
        if name not in known:
            raise SettingsError(
                f"--max-signal {said}: no such signal.{nearest(name, known)} "
                f"There are: {', '.join(known)}."
            )
        try:
            limits[name] = float(limit)
        except ValueError as error:
            raise SettingsError(f"--max-signal {said}: say NAME=NUMBER.") from error
    return limits


def judge_extra(rules: FilterSettings) -> dict[str, Any]:
    """Return what --judge-extra adds to the body of every call, and what it removes (null)."""
    if rules.judge_extra is None:
        return {}
    try:
        found = json.loads(rules.judge_extra)
    except ValueError:
        found = None
    taken = ("messages", "model", "stream", "n")
    if not isinstance(found, dict) or any(name in found for name in taken):
        raise SettingsError(
            f"--judge-extra {rules.judge_extra}: say a JSON object without {', '.join(taken)}, as "
            '{"temperature": null, "reasoning_effort": "low"}.'
        )
    if rules.judge_url is None:
        raise SettingsError("--judge-extra is sent to an endpoint. Give --judge-url.")
    return found


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


def _check_scores(settings: Settings) -> None:
    """Refuse names of scores that nobody gives, or that two would give."""
    index, rules, order = settings.index, settings.filter, settings.write.order
    names = [retriever_name(spec) for spec in index.retriever] + scorer_names(settings)
    for name, said, known in (
        ("--score", rules.score, names),
        ("--order", order, ["fused", *names]),
    ):
        if said is not None and said not in known:
            raise SettingsError(
                f"{name} {said}: no such score here.{nearest(said, known)} "
                f"There are: {', '.join(known)}."
            )
    if len(set(names)) != len(names):
        raise SettingsError(
            f"--retriever: a name is taken. The scores would be: {', '.join(names)}."
        )
    if len(set(rules.guide_model)) != len(rules.guide_model):
        raise SettingsError(
            f"--guide-model: name each once. Given: {', '.join(rules.guide_model)}."
        )
    if rules.score in ("judge", "risk"):
        raise SettingsError(
            f"--score {rules.score}: it has its own rule, tried after thresholds. Name another score."
        )
    if rules.owner_query is not None and "dense" not in index.retriever:
        raise SettingsError("--owner-query compares query vectors. Add --retriever dense.")
