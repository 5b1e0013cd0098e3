"""Gates: limits on the totals of a comparison, as `--fail-on nfr=0.02`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from negmine.analysis.diff.totals import MEASURES, Totals
from negmine.config.limit_text import read_limit
from negmine.config.naming import nearest
from negmine.errors import GateNotMet, SettingsError


class Gate(NamedTuple):
    """A limit on one of MEASURES. text: as it was given."""

    text: str
    name: str
    limit: float


def read_gates(texts: Sequence[str]) -> list[Gate]:
    """Return the gates of --fail-on: `nfr=0.02`, `nfr=2%` or `nfr>0.02`; `jaccard=0.5` or `jaccard<0.5`.

    Raises SettingsError for an unknown name, a limit that the total cannot reach, or the wrong sign.
    """
    gates = []
    for text in texts:
        sign = next((sign for sign in "=<>" if sign in text), "=")
        name, _, limit = (part.strip() for part in text.partition(sign))
        name = name.replace("-", "_")
        if name not in MEASURES:
            hint = nearest(name, MEASURES) or f" The names are {', '.join(MEASURES)}."
            raise SettingsError(f"--fail-on {text}: unknown total {name!r}.{hint}")
        bad = MEASURES[name].bad
        if sign not in ("=", bad):
            raise SettingsError(f"--fail-on {text}: a limit on {name} is {name}{bad}NUMBER.")
        gates.append(Gate(text, name, _limit(text, name, limit)))
    return gates


def _limit(text: str, name: str, number: str) -> float:
    limit, lowest = read_limit(number), -1 if name == "tau" else 0
    if limit is None:
        raise SettingsError(f"--fail-on {text}: give a number, as in nfr=0.02 or nfr=2%.")
    if not lowest <= limit[0] <= 1:
        raise SettingsError(f"--fail-on {text}: {name} lies between {lowest} and 1.")
    return limit[0]


def check_gates(gates: Sequence[Gate], totals: Totals) -> None:
    """Raise GateNotMet with every total that is past its limit or cannot be measured."""
    failed = []
    for text, name, limit in gates:
        value, bad = totals[name], MEASURES[name].bad
        if value is None:
            failed.append(f"--fail-on {text}: {name} cannot be measured, nothing is shared")
        elif value > limit if bad == ">" else value < limit:
            side = "above" if bad == ">" else "below"
            failed.append(f"--fail-on {text}: {name} is {value:g}, {side} {limit:g}")
    if failed:
        raise GateNotMet(f"{'; '.join(failed)}. Look at both runs, or move the limit.")
