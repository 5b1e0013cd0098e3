"""The grid of a sweep: which settings vary, over which values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from negmine.config.settings import FilterSettings
from negmine.errors import SettingsError
from negmine.stages.filter.rules import SWEEPABLE

Value = float | None  # None: the rule is off
Grid = Mapping[str, Sequence[Value]]
NONE = "none"

MOST_CELLS = 5000


def read_grid(texts: Sequence[str]) -> dict[str, list[Value]]:
    """Return what --grid says: `relative_margin=0:0.3:0.01` (both ends) or `max_risk=none,0.05`.

    Raises SettingsError for a setting that cannot vary, a value that it cannot have, or too many cells.
    """
    grid: dict[str, list[Value]] = {}
    for text in texts:
        name, _, values = text.partition("=")
        name = name.strip().lstrip("-").replace("-", "_")
        if name in grid:
            raise SettingsError(f"--grid {text}: {name} is there twice. Put its values into one.")
        try:
            grid[name] = _values(values) if name in SWEEPABLE else []
        except ValueError as error:
            raise SettingsError(
                f"--grid {text}: say NAME=FROM:TO:STEP or NAME=VALUE,VALUE. Values are numbers; none turns the "
                "rule off."
            ) from error
    check_grid(grid)
    return grid


def check_grid(grid: Grid) -> None:
    """Raise SettingsError for a grid that cannot be swept (see read_grid)."""
    for name in grid:
        if name not in SWEEPABLE:
            raise SettingsError(f"--grid: {name!r} cannot vary. What can: {', '.join(SWEEPABLE)}.")
    if not grid or not all(grid.values()):
        raise SettingsError("What shall vary? Give --grid relative_margin=0:0.3:0.01, for example.")
    count = math.prod(len(values) for values in grid.values())
    if count > MOST_CELLS:
        raise SettingsError(
            f"--grid: {count:,} cells; {MOST_CELLS:,} are the most. Take larger steps."
        )
    for name, values in grid.items():
        if all(value is None for value in values):
            raise SettingsError(
                f"--grid {name}=none: give a number, too, such as {name}=none,0.05."
            )
    for name, value in ((name, value) for name, values in grid.items() for value in values):
        if value is None:
            continue
        try:
            FilterSettings.model_validate({name: value})
        except ValidationError as error:
            problem = error.errors()[0]["msg"]
            raise SettingsError(f"--grid: {name} {value:g}: {problem}.") from error


def first_numbers(grid: Grid) -> dict[str, float]:
    """Return the first number of each setting: with it the rule is on, so that what it reads is made."""
    return {
        name: next(value for value in values if value is not None) for name, values in grid.items()
    }


def _values(text: str) -> list[Value]:
    if ":" not in text:
        texts = [value.strip() for value in text.split(",")]
        off: list[Value] = [None] if NONE in texts else []
        return [*off, *sorted({float(value) for value in texts if value != NONE})]
    first, last, step = (float(part) for part in text.split(":"))
    if step <= 0 or last < first or not math.isfinite(last - first):
        raise ValueError(text)
    count = (last - first) / step + 1e-9
    if count >= MOST_CELLS:
        raise SettingsError(
            f"--grid: {text} has more than {MOST_CELLS:,} values. Take larger steps."
        )
    return [round(first + n * step, 10) for n in range(math.floor(count) + 1)]


def cells_of(grid: Grid) -> list[dict[str, Value]]:
    """Return every combination of the grid's values."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
