"""Settings that negmine once had: a flag or a key of negmine.toml is refused, a remembered one is dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from negmine.config.naming import flag

GONE_SETTINGS: dict[str, dict[str, str]] = {
    "filter": {"risk_learner": "the risk is always learned by a logistic regression (linear)"},
}
"""By stage and name: what holds instead."""

_ALL = {name: text for fields in GONE_SETTINGS.values() for name, text in fields.items()}


def why_gone(name: str) -> str | None:
    """Return why there is no such setting any more, and what to do; None for a name that never was one.

    name: a field, a flag or a key: `risk_learner`, `--risk-learner`, `risk-learner`.
    """
    field = name.removeprefix("--").replace("-", "_")
    if field not in _ALL:
        return None
    return f"{flag(field)} is gone: {_ALL[field]}. Leave it out."


def without_gone(tables: Any) -> tuple[Any, list[str]]:
    """Return remembered settings without those that are gone, and a note for each of these.

    tables: by stage, as settings.json holds them; anything else comes back as it is.
    """
    if not isinstance(tables, Mapping):
        return tables, []
    kept, notes = dict(tables), []
    for stage, fields in GONE_SETTINGS.items():
        table = tables.get(stage)
        if not isinstance(table, Mapping):
            continue
        kept[stage] = {name: value for name, value in table.items() if name not in fields}
        notes += [
            f"{flag(name)} {table[name]}, which this work directory remembers, is gone: {text}."
            for name, text in fields.items()
            if name in table
        ]
    return kept, notes
