"""A limit as people say it, for every --fail-on: a number, or a percentage."""

from __future__ import annotations


def said_limit(text: str) -> tuple[float, bool] | None:
    """Return the number and whether it was a percentage: `2%` is (0.02, True); None for what is no number."""
    bare = text.strip()
    percent = bare.endswith("%")
    try:
        value = float(bare.removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        return None
    return (value, percent) if float("-inf") < value < float("inf") else None
