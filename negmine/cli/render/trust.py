"""What `negmine trust` has recorded."""

from __future__ import annotations

from typing import Any

from negmine.config.outside import ENDPOINT, PLUGIN, Named

MEANS = {
    PLUGIN: "its code runs",
    ENDPOINT: "it gets documents, and the key in NEGMINE_JUDGE_KEY, else OPENAI_API_KEY",
}


def trust(record: dict[str, Any], forgotten: bool) -> str:
    """Return a line for each thing that is trusted now, and where that is recorded."""
    work = record["work"]
    if forgotten:
        return f"nothing that {work} names is trusted any more"
    things = [Named(**one) for one in record["trusted"]]
    if not things:
        return f"{work} names nothing outside of itself: there is nothing to trust"
    means = [(one, MEANS.get(one.kind, "")) for one in things]
    lines = [f"  {one}{f': {text}' if text else ''}" for one, text in means]
    return "\n".join([f"trusted in {work}:", *lines, f"recorded in {record['record']}"])
