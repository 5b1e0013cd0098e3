"""What a lint is asked to do, checked before anything is read."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from negmine.analysis.lint.read.shapes import Columns
from negmine.analysis.lint.rules import FAULT, RULES
from negmine.config.limit_text import said_limit
from negmine.errors import GateNotMet, SettingsError

NO_COLUMNS = Columns()
NEAR_DUPLICATE, HUB_SHARE, LENGTH_AUC, KEEP = 0.8, 0.01, 0.7, 20


@dataclass(frozen=True)
class Options:
    """The options of `negmine lint`; see its flags. Raises SettingsError for what cannot work."""

    corpus: Path | None = None
    queries: Path | None = None
    qrels: Path | None = None
    min_relevance: int = 1
    columns: Columns = NO_COLUMNS
    label_threshold: float | None = None
    near_duplicate: float = NEAR_DUPLICATE
    hub_share: float = HUB_SHARE
    length_auc: float = LENGTH_AUC
    guide_model: tuple[str, ...] = ()
    guide_query_prompt: tuple[str, ...] = ()
    guide_document_prompt: tuple[str, ...] = ()
    device: str = "auto"
    vector_store: Path | None = None
    train_batch_size: int | None = None
    keep: int = KEEP
    findings: Path | None = None
    skip_bad_rows: bool = False

    def __post_init__(self) -> None:
        between = {
            "--near-duplicate": (self.near_duplicate, 0.0, 1.0),
            "--hub-share": (self.hub_share, 0.0, 1.0),
            "--length-auc": (self.length_auc, 0.5, 1.0),
        }
        for flag, (value, low, high) in between.items():
            if not low < value <= high:
                raise SettingsError(f"{flag} {value:g} must be above {low:g} and at most {high:g}.")
        if self.train_batch_size is not None and self.train_batch_size < 2:
            raise SettingsError("--train-batch-size must be 2 or more: one row has no conflicts.")
        if self.train_batch_size is not None and not self.guide_model:
            raise SettingsError("--train-batch-size needs a guide. Give --guide-model MODEL.")
        prompts = (self.guide_query_prompt, self.guide_document_prompt)
        if any(len(given) > 1 and len(given) != len(self.guide_model) for given in prompts):
            raise SettingsError("Give one prompt for all --guide-model, or one for each.")
        if (any(prompts) or self.vector_store) and not self.guide_model:
            raise SettingsError(
                "Prompts and --vector-store are a guide's. Give --guide-model MODEL."
            )
        if self.queries is not None and self.qrels is None:
            raise SettingsError("--queries are there to read --qrels with. Give --qrels FILE too.")


@dataclass(frozen=True)
class Gate:
    """A limit that a rule may not exceed: a count, or a share of its unit."""

    rule: str
    limit: float
    is_share: bool
    said: str


def read_gates(said: Sequence[str]) -> list[Gate]:
    """Read RULE=LIMIT. A whole number is a count; 0.01 and 1% are shares; `fault` is every fault.

    Raises SettingsError for an unknown rule or a limit that is none.
    """
    gates = []
    for one in said:
        name, equals, limit = one.partition("=")
        rules = [rule for rule in RULES if RULES[rule].level == FAULT] if name == FAULT else [name]
        if not equals or (name not in RULES and name != FAULT):
            close = difflib.get_close_matches(name, RULES, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise SettingsError(
                f"--fail-on {one}: say RULE=LIMIT with a rule, or `fault` for every fault.{hint}"
            )
        value, is_share = _limit(one, limit)
        gates += [Gate(rule, value, is_share, one) for rule in rules]
    return gates


def _limit(said: str, limit: str) -> tuple[float, bool]:
    value, is_percent = said_limit(limit) or (-1.0, False)
    is_share = is_percent or not limit.strip().isdigit()
    if value < 0 or (is_share and value > 1):
        raise SettingsError(
            f"--fail-on {said}: the limit is a count (0, 25) or a share (0.01, 1%) of at most 1."
        )
    return value, is_share


def check_gates(rules: Sequence[dict[str, object]], gates: Sequence[Gate]) -> None:
    """Raise GateNotMet with every gate that the findings exceed, or whose rule was not checked."""
    found = {str(rule["rule"]): rule for rule in rules}
    told = []
    for gate in gates:
        rule = found[gate.rule]
        if not rule["checked"]:
            if gate.rule == gate.said.partition("=")[0]:
                told.append(
                    f"{gate.rule} was not checked: {rule['why_not']} (--fail-on {gate.said})"
                )
            continue
        value = rule["share"] if gate.is_share else rule["count"]
        assert isinstance(value, int | float)
        if value > gate.limit:
            shown = f"{value:.4f}" if gate.is_share else f"{value:,}"
            told.append(f"{gate.rule}: {shown}, more than {gate.limit:g} (--fail-on {gate.said})")
    if told:
        raise GateNotMet("\n".join(told))
