"""JSON that others wrote: whatever is wrong with it is a ValueError."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

DEEPEST = 500  # brackets in one another that a reader in C may meet; real data has a few


def parsed(text: str | bytes, make: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Return the value of a JSON text. Raises ValueError, also for one that is nested too deep, or no UTF-8.

    make: what makes a value of an object's keys and values; else a dict, where the last of equal keys counts.
    """
    try:
        return json.loads(text, object_pairs_hook=make)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
