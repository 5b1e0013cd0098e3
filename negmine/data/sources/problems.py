"""What is wrong with the user's files: collected over everything, told together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from negmine.errors import InputError, cut

SHOWN = 5
_ROWS = (".parquet", ".arrow", ".feather", ".ipc")  # files that have rows, not lines
_LONGEST = 300  # characters of what is said of a row
_SKIP = "To leave such rows out and count them: --on-error skip"


@dataclass(frozen=True)
class Problem:
    """One fault: what, where, and what to do."""

    kind: str
    place: str
    message: str
    remedy: str
    safe_to_skip: bool


class Problems:
    """Collects problems and notes; `add` never raises."""

    def __init__(self, skip: bool, offers_skip: bool = True) -> None:
        self.skipped: dict[str, int] = {}  # "corpus.jsonl: not UTF-8" to a count of rows
        self.notes: list[str] = []
        self.shown: dict[str, str] = {}  # local copy to the address that messages name
        self._skip = skip
        self._first: list[Problem] = []
        self._counts: dict[str, int] = {}
        self._skippable = offers_skip  # whether the message names --on-error skip

    def add(
        self,
        kind: str,
        *,
        file: Path | str,
        row: int | None,
        message: str,
        remedy: str,
        safe_to_skip: bool = True,
        count: int = 1,
    ) -> None:
        """Note a fault; with --on-error skip, one that is safe to skip is only counted.

        count: how many rows have it; it is shown once for all of them.
        """
        if self._skip and safe_to_skip:
            what = f"{Path(file).name}: {kind}"
            self.skipped[what] = self.skipped.get(what, 0) + count
            return
        self._counts[kind] = self._counts.get(kind, 0) + count
        self._skippable &= safe_to_skip
        if len(self._first) < SHOWN:
            place = self.shown.get(str(file), str(file))
            unit = "row" if place.endswith(_ROWS) else "line"
            place = place if row is None else f"{place}, {unit} {row}"
            self._first.append(Problem(kind, place, message, remedy, safe_to_skip))

    def raise_if_any(self) -> None:
        """Raise InputError with the first five problems and a count of the rest."""
        total = sum(self._counts.values())
        if not total:
            return
        lines, remedied = [], set()
        for problem in self._first:
            remedy = "" if problem.kind in remedied else f" {problem.remedy}"
            remedied.add(problem.kind)
            lines.append(f"{problem.place}: {cut(problem.message, _LONGEST)}.{remedy}")
        if total > len(self._first):
            lines.append(f"... and {total - len(self._first):,} more.")
        if self._skippable:
            lines.append(_SKIP)
        raise InputError("\n".join(lines))


def together(errors: Sequence[InputError]) -> InputError:
    """Return one error that tells all of them; what several say, and what is said of each, is said once."""
    messages = dict.fromkeys(str(error).removesuffix(f"\n{_SKIP}") for error in errors)
    lines = {message: set(message.splitlines()) for message in messages}
    whole = [
        message for message in messages if not any(lines[message] < ls for ls in lines.values())
    ]
    can_skip = any(str(error).endswith(_SKIP) for error in errors)
    return InputError("\n".join([*whole, *([_SKIP] if can_skip else [])]))
