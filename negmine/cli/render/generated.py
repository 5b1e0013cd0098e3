"""How the summary shows the documents that a language model wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def written_documents(
    requests: Mapping[str, Any], verdicts: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """Yield name, number, and what became of the rest: of requests to the model, then of its documents.

    requests: outcome to count. verdicts: candidates, kept and removed, of what it wrote. Both may be empty.
    """
    if requests:
        others = {name: count for name, count in requests.items() if name != "written"}
        yield "written by a model", f"{requests.get('written', 0):,}", _listed(others)
    if verdicts:
        yield "  of them kept", f"{verdicts['kept']:,}", _listed(verdicts["removed"])


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
