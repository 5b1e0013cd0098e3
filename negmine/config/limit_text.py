"""The limit of a gate, for every --fail-on: a number, or a percentage."""

from __future__ import annotations


def read_limit(text: str) -> tuple[float, bool] | None:
    """Return the number, and whether it was a percentage: `2%` is (0.02, True).

    None for a text that is no finite number.
    """
    bare = text.strip()
    is_percent = bare.endswith("%")
    try:
        value = float(bare.removesuffix("%")) / (100 if is_percent else 1)
    except ValueError:
        return None
    return (value, is_percent) if float("-inf") < value < float("inf") else None
