"""What a setting's value should be, in plain words, where pydantic refuses it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic_core import ErrorDetails

_OUT_OF_RANGE = ("greater_than_equal", "greater_than", "less_than_equal", "less_than")
_BOUNDS = ("ge", "gt", "le", "lt")


def bounds_of(metadata: Iterable[Any]) -> dict[str, float]:
    """Return the bounds of a field: `ge`, `gt`, `le`, `lt`. metadata: pydantic's of the field."""
    values = [(name, getattr(one, name, None)) for one in metadata for name in _BOUNDS]
    return {name: value for name, value in values if value is not None}


def in_words(error: ErrorDetails, bounds: dict[str, float], is_whole: bool) -> str:
    """Return what is wrong with a value, and what to say in its place, without a point at the end."""
    kind = error["type"]
    if kind.startswith(("int_", "float_")):
        return "give a whole number" if is_whole else "give a number"
    if kind not in _OUT_OF_RANGE:
        problem = error["msg"].removeprefix("Value error, ").removesuffix(".")
        return problem.replace("Input should be", "it must be")
    wanted = _whole(bounds) if is_whole else _number(bounds)
    return f"give {wanted}{_share(error['input'], bounds)}"


def _whole(bounds: dict[str, float]) -> str:
    steps = {"ge": 0, "gt": 1, "le": 0, "lt": -1}
    ends = {name[0]: bounds[name] + step for name, step in steps.items() if name in bounds}
    if len(ends) == 2:
        return f"a whole number from {ends['g']:,} to {ends['l']:,}"
    return "a whole number, " + (
        f"{ends['g']:,} or more" if "g" in ends else f"{ends['l']:,} or less"
    )


def _number(bounds: dict[str, float]) -> str:
    if bounds.keys() == {"ge", "le"}:
        return f"a number from {bounds['ge']:g} to {bounds['le']:g}"
    if bounds.keys() == {"ge"}:
        return f"a number, {bounds['ge']:g} or more"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    limits = [f"{word} {bounds[name]:g}" for name, word in words.items() if name in bounds]
    return f"a number {' and '.join(limits)}"


def _share(value: Any, bounds: dict[str, float]) -> str:
    """Return how a percentage is said, where a share is wanted and the value looks like one.

    value: as it was given; from a command line it is a text.
    """
    try:
        number = float(value)
    except (
        TypeError,
        ValueError,
        OverflowError,
    ):  # the last: a whole number of more than 300 digits
        return ""
    is_percentage = bounds.get("le", bounds.get("lt")) == 1 and 1 < number <= 100
    return f". Say {number / 100:g} for {number:g} %" if is_percentage else ""
