"""`--fail-on RULE=LIMIT`: limits on findings, and exit code 3 where one is exceeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from negmine.analysis.lint.rules import FAULT, RULES
from negmine.config.limit_text import read_limit
from negmine.config.naming import nearest
from negmine.errors import GateNotMet, SettingsError


@dataclass(frozen=True)
class Gate:
    """The most findings that a rule may have: a count, or a share of the rule's unit.

    text: the flag's value. is_named: whether it names this rule, not `fault` for every fault.
    """

    rule: str
    limit: float
    is_share: bool
    text: str
    is_named: bool


def read_gates(texts: Sequence[str]) -> list[Gate]:
    """Read RULE=LIMIT. A whole number is a count; 0.01 and 1% are shares; `fault` is every fault.

    Raises SettingsError for an unknown rule, or a limit that is neither a count nor a share.
    """
    gates = []
    for text in texts:
        name, equals, limit = text.partition("=")
        if not equals or name not in (*RULES, FAULT):
            raise SettingsError(
                f"--fail-on {text}: write RULE=LIMIT with the name of a rule, or `{FAULT}` for every "
                f"fault.{nearest(name, RULES)}"
            )
        value, is_share = _limit(text, limit)
        rules = [rule for rule in RULES if RULES[rule].level == FAULT] if name == FAULT else [name]
        gates += [Gate(rule, value, is_share, text, name != FAULT) for rule in rules]
    return gates


def _limit(text: str, limit: str) -> tuple[float, bool]:
    value, is_percent = read_limit(limit) or (-1.0, False)
    is_share = is_percent or not limit.strip().isdigit()
    if value < 0 or (is_share and value > 1):
        raise SettingsError(
            f"--fail-on {text}: the limit is a count (0, 25) or a share (0.01, 1%) of at most 1."
        )
    return value, is_share


def check_gates(rules: Sequence[Mapping[str, Any]], gates: Sequence[Gate]) -> None:
    """Raise GateNotMet with every gate that is exceeded, or that names a rule that was not checked.

    rules: those of the report.
    """
    by_name = {rule["rule"]: rule for rule in rules}
    failures = [line for gate in gates if (line := _failure(gate, by_name[gate.rule]))]
    if failures:
        raise GateNotMet("\n".join(failures))


def _failure(gate: Gate, rule: Mapping[str, Any]) -> str | None:
    """Return the message of a gate that is not met, else None."""
    flag = f"(--fail-on {gate.text})"
    if not rule["checked"]:
        return f"{gate.rule} was not checked: {rule['why_not']} {flag}" if gate.is_named else None
    value = rule["share"] if gate.is_share else rule["count"]
    if value <= gate.limit:
        return None
    shown = f"a share of {value:.4f}" if gate.is_share else f"{value:,} findings"
    return f"{gate.rule}: {shown}, more than {gate.limit:g} {flag}"
