"""Which column names are understood. Case does not matter; the first that is there wins."""

from __future__ import annotations

from collections.abc import Iterable

ACCEPTED: dict[str, tuple[str, ...]] = {
    "doc_id": (
        "doc_id", "_id", "id", "docid", "docno", "pid", "corpus-id", "corpus_id", "document_id",
    ),
    "query_id": ("query_id", "_id", "id", "qid", "query-id"),
    "document text": ("text", "contents", "content", "document", "passage", "body"),
    "query text": ("text", "query", "question"),
    "title": ("title",),
    "relevance": ("relevance", "score", "rel", "label"),
}  # fmt: skip


def find(what: str, columns: Iterable[str]) -> str | None:
    """Return the column that holds `what` (a key of ACCEPTED), or None."""
    lower = {name.lower(): name for name in reversed(list(columns))}
    return next((lower[name] for name in ACCEPTED[what] if name in lower), None)
