"""Values of a row of a text file as what their column holds, or an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from negmine.analysis.lint.read.shapes import NUMBER, NUMBERS, TEXT, TEXTS


def is_float(value: Any) -> bool:
    """Return whether a value can be read as a number."""
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        if value is not None and not value.isascii():
            value.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError
        return value
    raise TypeError(f"a text is wanted, this is {value!r:.60}")


def _texts(value: Any) -> list[str | None] | None:
    if value is None or isinstance(value, list):
        return None if value is None else [_text(one) for one in value]
    return [_text(value)]


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) or (isinstance(value, str) and is_float(value)):
        return float(value)
    raise TypeError(f"a number is wanted, this is {value!r:.60}")


def _numbers(value: Any) -> list[float | None] | None:
    if value is None or isinstance(value, list):
        return None if value is None else [_number(one) for one in value]
    raise TypeError(f"a list of numbers is wanted, this is {value!r:.60}")


# Kind of a column to the function that reads its values; raises TypeError or ValueError.
READERS: dict[str, Callable[[Any], Any]] = {
    TEXT: _text, TEXTS: _texts, NUMBER: _number, NUMBERS: _numbers,
}  # fmt: skip
