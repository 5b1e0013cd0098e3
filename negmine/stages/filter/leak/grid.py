"""The grid of a sweep: which settings vary, over which values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from negmine.config.settings import FilterSettings
from negmine.errors import SettingsError
from negmine.stages.filter.rules import SWEEPABLE

Grid = Mapping[str, Sequence[float]]

MOST_CELLS = 5000


def read_grid(texts: Sequence[str]) -> dict[str, list[float]]:
    """Return what --grid says: `relative_margin=0:0.3:0.01` (both ends) or `max_risk=0.01,0.05`.

    Raises SettingsError for a setting that cannot vary, a value that it cannot have, or too many cells.
    """
    grid: dict[str, list[float]] = {}
    for text in texts:
        name, _, values = text.partition("=")
        name = name.strip().lstrip("-").replace("-", "_")
        if name in grid:
            raise SettingsError(f"--grid {text}: {name} is there twice. Put its values into one.")
        try:
            grid[name] = _values(values) if name in SWEEPABLE else []
        except ValueError as error:
            raise SettingsError(
                f"--grid {text}: say NAME=FROM:TO:STEP or NAME=VALUE,VALUE with numbers."
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
    for name, value in ((name, value) for name, values in grid.items() for value in values):
        try:
            FilterSettings.model_validate({name: value})
        except ValidationError as error:
            problem = error.errors()[0]["msg"]
            raise SettingsError(f"--grid: {name} {value:g}: {problem}.") from error


def _values(text: str) -> list[float]:
    if ":" not in text:
        return sorted({float(value) for value in text.split(",")})
    first, last, step = (float(part) for part in text.split(":"))
    if step <= 0 or last < first or not math.isfinite(last - first):
        raise ValueError(text)
    count = (last - first) / step + 1e-9
    if count >= MOST_CELLS:
        raise SettingsError(
            f"--grid: {text} has more than {MOST_CELLS:,} values. Take larger steps."
        )
    return [round(first + n * step, 10) for n in range(math.floor(count) + 1)]


def cells_of(grid: Grid) -> list[dict[str, float]]:
    """Return every combination of the grid's values."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
