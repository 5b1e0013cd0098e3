"""Which column names are understood. Case does not matter; the first that is there wins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from negmine.config.naming import nearest
from negmine.errors import InputError, cut

_MOST, _LONGEST = 12, 40  # names of columns, and characters of each, in a message

ACCEPTED: dict[str, tuple[str, ...]] = {
    "doc_id": (
        "doc_id", "_id", "id", "docid", "docno", "pid", "corpus-id", "corpus_id", "document_id",
    ),
    "query_id": ("query_id", "_id", "id", "qid", "query-id"),
    "document text": ("text", "contents", "content", "document", "passage", "body"),
    "query text": ("text", "query", "question"),
    "title": ("title",),
    "relevance": ("relevance", "score", "rel", "label"),
    "score": ("score", "similarity"),
    "rank": ("rank",),
}  # fmt: skip


def find(what: str, columns: Iterable[str]) -> str | None:
    """Return the column that holds `what` (a key of ACCEPTED), or None."""
    lower = {name.lower(): name for name in reversed(list(columns))}
    return next((lower[name] for name in ACCEPTED[what] if name in lower), None)


def check_names(path: Path, names: Sequence[str]) -> None:
    """Raise InputError where two columns have the same name, or a name has a NUL character in it."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        what = f"column {twice[0]!r:.60} twice" if twice[0] else "two columns without a name"
        raise InputError(f"{path} has {what}. Give each column a name of its own.")
    odd = [name for name in names if "\0" in name]
    if odd:
        raise InputError(
            f"{path}: the name of column {odd[0]!r:.60} has a NUL character. Rename it."
        )


def no_column(flag: str, column: str, what: str, own: Sequence[str]) -> str:
    """Return the message for a flag that names a column that is not there.

    what: `documents` or `queries`. own: the columns that they have beside negmine's.
    """
    return (
        f"{flag} {column}: the {what} have no such column.{nearest(column, own)} Their own columns: "
        f"{listed(own) or 'none'}."
    )


def listed(names: Iterable[str]) -> str:
    """Return names of columns with commas between them, for a message: cut, and not without end."""
    shown = [cut(name, _LONGEST) for name in names]
    more = f" ... ({len(shown)} columns)" if len(shown) > _MOST else ""
    return ", ".join(shown[:_MOST]) + more
