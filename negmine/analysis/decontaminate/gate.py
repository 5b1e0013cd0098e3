"""The gate --max-contaminated: a number of queries or rows, or a share of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from negmine.config.limit_text import read_limit
from negmine.config.naming import counted
from negmine.errors import GateNotMet, SettingsError


class Gate(NamedTuple):
    """A limit: a count, or a share where `is_share`. text: as it was given."""

    text: str
    limit: float
    is_share: bool


def read_gate(text: str | None) -> Gate | None:
    """Return the gate: 3 is a count; 0.01 and 1% are shares. Raises SettingsError for anything else."""
    if text is None:
        return None
    limit = read_limit(text)
    is_share = "." in text or "%" in text
    if (
        limit is None
        or limit[0] < 0
        or (is_share and limit[0] > 1)
        or not (is_share or text.strip().isdigit())
    ):
        raise SettingsError(
            f"--max-contaminated {text}: give a number of queries, as 0 or 3, or a share, as 0.01 or 1%."
        )
    return Gate(text, limit[0], is_share)


def check_gate(gate: Gate | None, measured: dict[str, Any]) -> None:
    """Raise GateNotMet where more is contaminated than the gate allows.

    measured: see decontaminate.py. What is counted is what --drop-contaminated would drop.
    """
    if gate is None:
        return
    what = measured["counted"]
    count, total = measured["contaminated"][what], measured["training"][what]
    value = count / total if gate.is_share and total else float(count)
    if value > gate.limit:
        raise GateNotMet(
            f"--max-contaminated {gate.text}: {count:,} of {counted(total, what)} are contaminated. "
            f"To drop them: negmine filter {measured['work']} --decontaminate PATH, then negmine write "
            f"{measured['work']}."
        )
