"""Which columns of a file are the query, the positives and the negatives.

| shape | columns |
|---|---|
| triplet, n-tuple | a query, a positive, columns of negatives; `scores` (a list) or `margin` (a number) |
| labeled-pair | a query, a document, `label` (or `score`) |
| labeled-list | a query, a list of documents, a list of `labels` (or `scores`) |
| FlagEmbedding | `query`, lists `pos` and `neg`; with `pos_scores`, `neg_scores`, `pos_id`, `neg_id` lists |

sentence-transformers goes by the order of columns, so names are free: what is called neg... is negative,
else the first text is the query, the second the positive and the rest are negatives.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from negmine.errors import InputError

TEXT, TEXTS, NUMBER, NUMBERS, UNKNOWN = "text", "texts", "number", "numbers", "unknown"
NUMBER_COLUMN = "number"  # of a raw frame: line or row, from 1
TYPES: dict[str, Any] = {
    TEXT: pl.String, TEXTS: pl.List(pl.String), NUMBER: pl.Float64, NUMBERS: pl.List(pl.Float64),
}  # fmt: skip

_QUERIES = ("anchor", "query", "question")
_POSITIVES = ("positive", "pos", "answer", "document", "passage", "text")
_LABELS = ("label", "labels", "score", "scores")
_MARGINS = (*_LABELS, "margin", "margins")  # beside a triplet: the label of MarginMSE
_QUERY_IDS = ("query_id", "qid", "query-id")
_POSITIVE_IDS = ("positive_id", "positive_ids", "pos_id", "pos_ids")
_NEGATIVE_IDS = ("negative_id", "negative_ids", "neg_id", "neg_ids")
_IDS = {*_QUERY_IDS, *_POSITIVE_IDS, *_NEGATIVE_IDS, "id", "_id", "doc_id", "prompt", "type"}


@dataclass(frozen=True)
class Columns:
    """Columns that the user named; empty where they shall be found."""

    query: str | None = None
    positive: str | None = None
    negatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """What a file is, and which of its columns are which. `kinds` has what each column must hold."""

    name: str
    query: str
    positive: str
    negatives: tuple[str, ...] = ()
    label: str | None = None
    scores: str | None = None
    margin: str | None = None
    positive_scores: str | None = None
    negative_scores: str | None = None
    query_id: str | None = None
    positive_ids: str | None = None
    negative_ids: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    order: tuple[str, ...] = ()  # the columns of texts, as they stand in the file

    def misplaced(self) -> bool:
        """Say whether the columns stand in another order than query, positive (document), negatives."""
        count = 2 + len(self.negatives)
        negatives = set(self.order[2:count])
        return self.name != "FlagEmbedding" and (
            self.order[:2] != (self.query, self.positive) or negatives != set(self.negatives)
        )

    def ids(self) -> list[str]:
        """Return the columns of ids."""
        ids = (self.query_id, self.positive_ids, self.negative_ids)
        return [name for name in ids if name and name not in self.kinds]

    def columns(self) -> list[str]:
        """Return all columns that are read of a file."""
        return [*self.kinds, *self.ids()]

    def roles(self) -> dict[str, str]:
        """Return which columns were read as what, for people."""
        scores = (self.scores, self.margin, self.positive_scores, self.negative_scores)
        found = {
            "query": self.query,
            "positive": self.positive,
            "negatives": few(self.negatives),
            "label": self.label,
            "scores": ", ".join(filter(None, scores)),
        }
        return {role: name for role, name in found.items() if name}


Raw = tuple[Shape, pl.DataFrame]


def few(names: Sequence[str]) -> str:
    """Return names with commas between them; many are cut in the middle."""
    if len(names) < 6:
        return ", ".join(names)
    return f"{', '.join(names[:3])} ... {names[-1]} ({len(names)})"


def kind_of_nulls(name: str) -> str:
    """Return what a column of nothing but nulls would hold: texts, if its name says so."""
    known = name.lower().startswith("neg") or name.lower() in (*_QUERIES, *_POSITIVES)
    return TEXT if known and name.lower() not in _IDS else UNKNOWN


def understand(path: Path, kinds: Mapping[str, str], said: Columns) -> Shape:
    """Return the shape of a file whose columns hold `kinds`.

    Raises InputError where the query, the positive or the negatives cannot be told.
    """
    shape = _understand(path, kinds, said)
    ignored = [name for name in kinds if name not in shape.columns() and not _is_id(name)]
    return replace(shape, ignored=tuple(ignored), order=tuple(_texts(kinds)))


def _understand(path: Path, kinds: Mapping[str, str], said: Columns) -> Shape:
    _check_names(path, kinds, said)
    texts = _texts(kinds)
    negatives = said.negatives or tuple(_named_negatives(texts))
    left = [name for name in texts if name not in negatives]
    query = said.query or _first(left, _QUERIES, kinds, TEXT)
    left = [name for name in left if name != query]
    positive = said.positive or _first(left, _POSITIVES, kinds, None)
    if query is None or positive is None:
        raise _unclear(path, kinds, "a query and a positive", "--query-column, --positive-column")
    left = [name for name in left if name != positive]
    if negatives:
        return _rowed(kinds, query, positive, negatives)
    label = _label(kinds, NUMBERS if kinds[positive] == TEXTS else NUMBER)
    if label is not None and (not left or kinds[positive] == TEXTS):
        name = "labeled-list" if kinds[positive] == TEXTS else "labeled-pair"
        needed = {query: TEXT, positive: kinds[positive], label: kinds[label]}
        return _with_ids(Shape(name, query, positive, label=label, kinds=needed), kinds)
    if left:
        return _rowed(kinds, query, positive, tuple(left))
    raise _unclear(path, kinds, "negatives", "--negative-column, or add a label column")


def _rowed(
    kinds: Mapping[str, str], query: str, positive: str, negatives: tuple[str, ...]
) -> Shape:
    """Return the shape of a file that has positive and negatives in one row."""
    needed = {query: TEXT, positive: kinds[positive]} | {name: kinds[name] for name in negatives}
    lists = TEXTS in (kinds[positive], *(kinds[name] for name in negatives))
    name = "FlagEmbedding" if lists else "triplet" if len(negatives) == 1 else "n-tuple"
    scores = {
        "scores": _present(kinds, _MARGINS, NUMBERS),
        "positive_scores": _present(kinds, ("pos_scores", "positive_scores"), NUMBERS),
        "negative_scores": _present(kinds, ("neg_scores", "negative_scores"), NUMBERS),
    }
    needed |= {column: NUMBERS for column in scores.values() if column}
    margin = None if lists or any(scores.values()) else _present(kinds, _MARGINS, NUMBER)
    needed |= {margin: NUMBER} if margin else {}
    shape = replace(Shape(name, query, positive, negatives, margin=margin, kinds=needed), **scores)  # type: ignore[arg-type]
    return _with_ids(shape, kinds)


def _with_ids(shape: Shape, kinds: Mapping[str, str]) -> Shape:
    ids = {
        "query_id": _present(kinds, _QUERY_IDS, None),
        "positive_ids": _present(kinds, _POSITIVE_IDS, None),
        "negative_ids": _present(kinds, _NEGATIVE_IDS, None),
    }
    if len(shape.negatives) > 1:  # one column of ids cannot be told apart by slots
        ids["negative_ids"] = _present(kinds, _NEGATIVE_IDS, TEXTS)
    return replace(shape, **ids)  # type: ignore[arg-type]


def _texts(kinds: Mapping[str, str]) -> list[str]:
    return [name for name, kind in kinds.items() if kind in (TEXT, TEXTS) and not _is_id(name)]


def _is_id(name: str) -> bool:
    return name.lower() in _IDS or name.lower().endswith("_id")


def _named_negatives(texts: Sequence[str]) -> list[str]:
    return [name for name in texts if name.lower().startswith("neg")]


def _first(
    left: Sequence[str], known: Sequence[str], kinds: Mapping[str, str], kind: str | None
) -> str | None:
    """Return the column with a known name, else the first one."""
    fitting = [name for name in left if kind is None or kinds[name] == kind]
    lower = {name.lower(): name for name in fitting}
    return next((lower[name] for name in known if name in lower), next(iter(fitting), None))


def _present(kinds: Mapping[str, str], names: Sequence[str], kind: str | None) -> str | None:
    return next((n for n in names if n in kinds and (kind is None or kinds[n] == kind)), None)


def _label(kinds: Mapping[str, str], kind: str) -> str | None:
    return _present(kinds, _LABELS, kind)


def _check_names(path: Path, kinds: Mapping[str, str], said: Columns) -> None:
    flags = {"--query-column": said.query, "--positive-column": said.positive}
    named = [*flags.items(), *(("--negative-column", name) for name in said.negatives)]
    for flag, name in named:
        if name is not None and name not in kinds:
            close = difflib.get_close_matches(name, kinds, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise InputError(
                f"{path} has no column {name!r} ({flag}).{hint} It has: {', '.join(kinds)}."
            )
        wanted = (TEXT,) if flag == "--query-column" else (TEXT, TEXTS)
        if name is not None and kinds[name] not in wanted:
            raise InputError(
                f"{path}: column {name!r} ({flag}) holds {_SAID[kinds[name]]}, not texts."
            )


_SAID = {
    TEXT: "texts", TEXTS: "lists of texts", NUMBER: "numbers", NUMBERS: "lists of numbers",
    UNKNOWN: "nothing that can be read",
}  # fmt: skip


def _unclear(path: Path, kinds: Mapping[str, str], what: str, flags: str) -> InputError:
    has = ", ".join(f"{name} ({_SAID[kind]})" for name, kind in kinds.items()) or "no columns"
    return InputError(
        f"{path}: no columns that could be {what}. It has: {has}. Name them with {flags}."
    )
