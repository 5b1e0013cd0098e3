"""What `negmine generate-queries` has written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from negmine.config.naming import counted


def queries(made: dict[str, Any]) -> str:
    """Return what came of the requests, who finds the documents, and how the file is used."""
    documents, folder = made["documents"], made["folder"]
    others = {name: count for name, count in made["requests"].items() if name != "written"}
    left_out = f"; left out: {_listed(others)}" if others else ""
    within = f"among the first {made['found_within']:,}"
    asked = counted(documents["asked"], "documents")
    lines = [
        f"{asked} asked about, of {documents['without_query']:,} without a query",
        f"{counted(made['queries'], 'queries')} in {folder}{left_out}",
        f"found {within} by: {_listed(made['found_by'])}",
    ]
    if made["not_asked_of"]:
        lines.append(f"cannot search for a new query: {', '.join(made['not_asked_of'])}")
    if made["queries"]:
        files = f"--queries {folder}/queries.jsonl --qrels {folder}/qrels.tsv"
        lines.append(f"To mine for them: negmine mine NEW-WORK --corpus CORPUS {files}")
    return "\n".join(lines)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
