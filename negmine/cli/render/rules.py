"""How the rules in force look: the settings of filter and write, by where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import Any

from negmine.config.catalogue import ENTRIES
from negmine.config.naming import flag
from negmine.config.sampling import ALWAYS, SETTINGS
from negmine.config.table import fact

_ORIGINS = {
    "flag": "flags",
    "file": "--config",
    "remembered": "work directory",
    "default": "default",
    "chosen": "chosen by --max-leak",
}
# Groups that mean something only where one of these settings is on.
_NEEDS = {
    "Guides": {"guide_model"},
    "Judge": {"judge_model", "judge_local"},
    "Risk": {"max_risk"},
    "Decontamination": {"decontaminate"},
    "Suspected positives": {"suspect_neighbours"},
}


def rules_in_force(rules: Sequence[dict[str, Any]]) -> list[str]:
    """Return a line for every origin of settings. rules: setting, value, origin of each that is on."""
    values = {rule["setting"]: rule["value"] for rule in rules}
    by_origin: dict[str, list[str]] = {}
    for rule in rules:
        if rule["origin"] != "default" or _matters(rule, values):
            by_origin.setdefault(rule["origin"], []).append(_as_flag(rule))
    return [
        f"filter and write settings ({text}): {', '.join(by_origin[origin])}"
        for origin, text in _ORIGINS.items()
        if origin in by_origin
    ]


def _matters(rule: dict[str, Any], values: dict[str, Any]) -> bool:
    """Tell whether a default changes what this run makes."""
    entry = ENTRIES[rule["setting"]]
    needs = _NEEDS.get(entry.group)
    if fact(entry.field, "speed") or not rule["value"]:
        return False
    if entry.stage == "write" and entry.group == "Selection":
        return _is_used(entry.name, values)
    return needs is None or not needs.isdisjoint(values)


def _is_used(name: str, values: dict[str, Any]) -> bool:
    """Tell whether a setting of the selection is one that the sampling in force reads."""
    samplings = SETTINGS.get(values.get("sampling", "top"), ())
    return name in (*ALWAYS, *samplings)


def _as_flag(rule: dict[str, Any]) -> str:
    value = rule["value"]
    several = value if isinstance(value, list) else [value]
    name = flag(rule["setting"])
    return ", ".join(name if one is True else f"{name} {quote(str(one))}" for one in several)
