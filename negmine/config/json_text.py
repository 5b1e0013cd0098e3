"""JSON that others wrote: whatever is wrong with it is a ValueError."""

from __future__ import annotations

import json
from typing import Any

DEEPEST = 500  # brackets in one another that a reader in C may meet; real data has a few


def parsed(text: str | bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError, also for one that is nested too deep, or no UTF-8."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
