"""How documents that a language model wrote are shown: in the summary, and one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from negmine.cli.render.text import short


def written_documents(
    requests: Mapping[str, Any], verdicts: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """Yield name, number, and what became of the rest: of requests to the model, then of its documents.

    requests: outcome to count. verdicts: candidates, kept and removed, of what it wrote. Both may be empty.
    """
    if requests:
        others = {name: count for name, count in requests.items() if name != "written"}
        yield "written by a model", f"{requests.get('written', 0):,}", _listed(others)
    shared = verdicts.get("for_others")
    if verdicts:
        name = "  kept, with shared ones" if shared else "  of them kept"
        yield name, f"{verdicts['kept']:,}", _listed(verdicts["removed"])
    if shared:
        yield "  of these shared", f"{shared['kept']:,}", f"of {shared['candidates']:,}"


def where_from(row: Mapping[str, Any], query_id: str) -> str:
    """Return the origin of a written document, and the query that it was written for, if that is another."""
    written_for = row.get("written_for")
    other = "" if written_for in (None, query_id) else f", for query {short(str(written_for))}"
    return f"{row['origin']}{other}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
