"""`negmine trust`: record once that the user wants what a work directory names outside of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from negmine.config.outside import named_outside
from negmine.stages.opening import open_existing
from negmine.storage.trust import Trust


def trust(work: str | Path, forget: bool) -> dict[str, Any]:
    """Trust what the work directory remembers, or with `forget` nothing of it any more.

    Returns `work`, `record`, and `trusted`: setting, kind and value of all that is trusted and named now.
    """
    context = open_existing(work, {})
    record = Trust(context.work.place)
    things = named_outside(context.config.given, context.work.root)
    if forget:
        record.forget()
    else:
        record.add(things)
    return {
        "work": str(work),
        "record": str(record.file),
        "trusted": [one._asdict() for one in things if record.covers(one)],
    }
