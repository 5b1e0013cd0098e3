"""Which columns have which role, from their names, their order and what their values are.

| shape | columns |
|---|---|
| triplet, n-tuple | a query, a positive, columns of negatives; `scores` (a list) or `margin` (a number) |
| labeled-pair | a query, a document, `label` (or `score`) |
| labeled-list | a query, a list of documents, a list of `labels` (or `scores`) |
| FlagEmbedding | `query`, lists `pos` and `neg`; with `pos_scores`, `neg_scores`, `pos_id`, `neg_id` lists |

sentence-transformers goes by the order of columns, so names are free. Columns called neg... are negatives. The
query and the positive have a usual name; else the query is the first text, the positive the next one, and
the others are negatives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from negmine.analysis.lint.read.shapes import NUMBER, NUMBERS, TEXT, TEXTS, UNKNOWN, Shape
from negmine.analysis.lint.settings import LintSettings
from negmine.config.naming import nearest
from negmine.data.sources.columns import listed
from negmine.errors import InputError

_QUERIES = ("anchor", "query", "question")
_POSITIVES = ("positive", "pos", "answer", "document", "passage", "text")
_LABELS = ("label", "labels", "score", "scores")
_MARGINS = (*_LABELS, "margin", "margins")  # beside a triplet: the label of MarginMSE
_QUERY_IDS = ("query_id", "qid", "query-id")
_POSITIVE_IDS = ("positive_id", "positive_ids", "pos_id", "pos_ids")
_NEGATIVE_IDS = ("negative_id", "negative_ids", "neg_id", "neg_ids")
_NOT_TEXTS = {*_QUERY_IDS, *_POSITIVE_IDS, *_NEGATIVE_IDS, "id", "_id", "doc_id", "prompt", "type"}
_IN_WORDS = {
    TEXT: "texts", TEXTS: "lists of texts", NUMBER: "numbers", NUMBERS: "lists of numbers",
    UNKNOWN: "nothing that can be read",
}  # fmt: skip


def shape_of(path: Path, kinds: Mapping[str, str], settings: LintSettings) -> Shape:
    """Return the shape of a file. kinds: every column to what its values are, in the file's order.

    Raises InputError where no column can be the query, the positive or the negatives.
    """
    shape = _shape(path, kinds, settings)
    ignored = [name for name in kinds if name not in shape.columns() and not _is_id(name)]
    return replace(shape, ignored=tuple(ignored), text_order=tuple(_texts(kinds)))


def kind_of_nulls(name: str) -> str:
    """Return what a column of nothing but nulls holds: texts, if its name is that of a text column."""
    is_text = name.lower().startswith("neg") or name.lower() in (*_QUERIES, *_POSITIVES)
    return TEXT if is_text and name.lower() not in _NOT_TEXTS else UNKNOWN


def _shape(path: Path, kinds: Mapping[str, str], settings: LintSettings) -> Shape:
    _check_named(path, kinds, settings)
    texts = _texts(kinds)
    negatives = settings.negative_column or tuple(n for n in texts if n.lower().startswith("neg"))
    left = [name for name in texts if name not in negatives]
    query = settings.query_column or _first(_QUERIES, [n for n in left if kinds[n] == TEXT])
    left = [name for name in left if name != query]
    positive = settings.positive_column or _first(_POSITIVES, left)
    if query is None or positive is None:
        raise _unclear(path, kinds, "a query and a positive", "--query-column, --positive-column")
    left = [name for name in left if name != positive]
    if negatives:
        return _with_negatives(kinds, query, positive, negatives)
    has_lists = kinds[positive] == TEXTS
    label = _present(kinds, _LABELS, NUMBERS if has_lists else NUMBER)
    if label is not None and (not left or has_lists):
        name = "labeled-list" if has_lists else "labeled-pair"
        needed = {query: TEXT, positive: kinds[positive], label: kinds[label]}
        return _with_ids(Shape(name, query, positive, label=label, kinds=needed), kinds)
    if left:
        return _with_negatives(kinds, query, positive, tuple(left))
    raise _unclear(path, kinds, "negatives", "--negative-column, or add a label column")


def _with_negatives(
    kinds: Mapping[str, str], query: str, positive: str, negatives: tuple[str, ...]
) -> Shape:
    """Return the shape of a file with positive and negatives in one row."""
    needed = {query: TEXT, positive: kinds[positive]} | {name: kinds[name] for name in negatives}
    has_lists = TEXTS in (kinds[positive], *(kinds[name] for name in negatives))
    name = "FlagEmbedding" if has_lists else "triplet" if len(negatives) == 1 else "n-tuple"
    scores = {
        "scores": _present(kinds, _MARGINS, NUMBERS),
        "positive_scores": _present(kinds, ("pos_scores", "positive_scores"), NUMBERS),
        "negative_scores": _present(kinds, ("neg_scores", "negative_scores"), NUMBERS),
    }
    needed |= {column: NUMBERS for column in scores.values() if column}
    has_scores = has_lists or any(scores.values())
    margin = None if has_scores else _present(kinds, _MARGINS, NUMBER)
    needed |= {margin: NUMBER} if margin else {}
    shape = Shape(name, query, positive, negatives, margin=margin, kinds=needed)
    return _with_ids(replace(shape, **scores), kinds)  # type: ignore[arg-type]


def _with_ids(shape: Shape, kinds: Mapping[str, str]) -> Shape:
    several = len(shape.negatives) > 1  # one id in a row cannot be that of several negatives
    ids = {
        "query_id": _present(kinds, _QUERY_IDS),
        "positive_ids": _present(kinds, _POSITIVE_IDS),
        "negative_ids": _present(kinds, _NEGATIVE_IDS, TEXTS if several else None),
    }
    return replace(shape, **ids)  # type: ignore[arg-type]


def _texts(kinds: Mapping[str, str]) -> list[str]:
    return [name for name, kind in kinds.items() if kind in (TEXT, TEXTS) and not _is_id(name)]


def _is_id(name: str) -> bool:
    return name.lower() in _NOT_TEXTS or name.lower().endswith("_id")


def _first(usual: Sequence[str], columns: Sequence[str]) -> str | None:
    """Return the column with the first of the usual names, else the first column."""
    lower = {name.lower(): name for name in columns}
    return next((lower[name] for name in usual if name in lower), next(iter(columns), None))


def _present(kinds: Mapping[str, str], names: Sequence[str], kind: str | None = None) -> str | None:
    """Return the first of these columns that the file has, and that holds values of this kind."""
    return next((n for n in names if n in kinds and kind in (None, kinds[n])), None)


def _check_named(path: Path, kinds: Mapping[str, str], settings: LintSettings) -> None:
    """Raise InputError for a column that the user names and that is not there, or holds no texts."""
    flags = {"--query-column": settings.query_column, "--positive-column": settings.positive_column}
    named = [*flags.items(), *(("--negative-column", name) for name in settings.negative_column)]
    for flag, name in named:
        if name is None:
            continue
        if name not in kinds:
            raise InputError(
                f"{path} has no column {name!r} ({flag}).{nearest(name, kinds)} It has: {listed(kinds)}."
            )
        if kinds[name] not in ((TEXT,) if flag == "--query-column" else (TEXT, TEXTS)):
            raise InputError(
                f"{path}: column {name!r} ({flag}) holds {_IN_WORDS[kinds[name]]}, not texts."
            )


def _unclear(path: Path, kinds: Mapping[str, str], what: str, flags: str) -> InputError:
    has = listed(f"{name} ({_IN_WORDS[kind]})" for name, kind in kinds.items()) or "no columns"
    return InputError(
        f"{path}: no columns that could be {what}. It has: {has}. Name them with {flags}."
    )
