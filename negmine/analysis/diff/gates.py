"""Limits on the totals of a comparison: `--fail-on nfr=0.02`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from negmine.analysis.diff.totals import MEASURES, Totals
from negmine.config.limit_text import read_limit
from negmine.config.naming import nearest
from negmine.errors import GateNotMet, SettingsError


class Gate(NamedTuple):
    """A limit on one of MEASURES."""

    said: str
    name: str
    limit: float


def read_gates(said: Sequence[str]) -> list[Gate]:
    """Return what --fail-on says: `nfr=0.02`, `nfr=2%`, or `nfr>0.02`, and `jaccard=0.5`, or `jaccard<0.5`.

    Raises SettingsError for a name that is none, a limit that it cannot reach, or a side that cannot be meant.
    """
    gates = []
    for text in said:
        sign = next((sign for sign in "=<>" if sign in text), "=")
        name, _, limit = (part.strip() for part in text.partition(sign))
        name = name.replace("-", "_")
        if name not in MEASURES:
            close = nearest(name, MEASURES) or f" The names are {', '.join(MEASURES)}."
            raise SettingsError(f"--fail-on {text}: unknown number {name!r}.{close}")
        bad = MEASURES[name].bad
        if sign not in ("=", bad):
            raise SettingsError(f"--fail-on {text}: a limit on {name} is {name}{bad}NUMBER.")
        gates.append(Gate(text, name, _limit(text, name, limit)))
    return gates


def _limit(text: str, name: str, said: str) -> float:
    known, lowest = read_limit(said), -1 if name == "tau" else 0
    if known is None:
        raise SettingsError(f"--fail-on {text}: say a number, as in nfr=0.02 or nfr=2%.")
    if not lowest <= known[0] <= 1:
        raise SettingsError(f"--fail-on {text}: {name} lies between {lowest} and 1.")
    return known[0]


def check_gates(gates: Sequence[Gate], found: Totals) -> None:
    """Raise GateNotMet with every limit that is passed, or cannot be measured."""
    failed = []
    for said, name, limit in gates:
        value, bad = found[name], MEASURES[name].bad
        if value is None:
            failed.append(f"--fail-on {said}: {name} cannot be measured, nothing is shared")
        elif value > limit if bad == ">" else value < limit:
            side = "above" if bad == ">" else "below"
            failed.append(f"--fail-on {said}: {name} is {value:g}, {side} {limit:g}")
    if failed:
        raise GateNotMet(f"{'; '.join(failed)}. Look at both runs, or move the limit.")
