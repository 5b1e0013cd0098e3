"""How the summary tells what was wrong with a mined file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from negmine.config.naming import counted

_WHY = {
    "empty": "without a text",
    "not_candidates": "deeper than --k, left out by --candidates, or not mined",
    "is_positive": "the text of a positive of the query",
}


def given_negatives(counts: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield name, number and remark of what became of a file's negatives. counts: `given` of a summary."""
    if not counts:
        return
    without = counts["rows_without"]
    lacking = f", {without:,} without negatives" if without else ""
    yield (
        "negatives in the file",
        f"{counts['negatives']:,}",
        f"of {counted(counts['rows'], 'rows')}{lacking}",
    )
    repeated = f"again for the same query, in {counted(counts['queries_with_repeated'], 'queries')}"
    before = {name: counts[name] for name in ("empty", "repeated", "not_candidates")}
    why = {**_WHY, "repeated": repeated}
    for name, count in {**before, **counts["removed"]}.items():
        if count:
            yield (
                f"  - {name.replace('_', ' ') if name in before else name}",
                f"{count:,}",
                why.get(name, ""),
            )
    lost = counts["queries_with_removed"]
    yield (
        "  = kept",
        f"{counts['kept']:,}",
        f"{counted(lost, 'queries')} lost some to rules" if lost else "",
    )
