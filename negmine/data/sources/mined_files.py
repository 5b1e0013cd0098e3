"""Files that other miners wrote: which form a file has, and what a row of each form holds.

`pairs`: a query and a positive. `triplets`: negatives beside them, in columns (sentence-transformers).
`flagembedding`: lists of texts. `tevatron`: lists of passages; RLHN publishes its datasets so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from negmine.config.pairs_formats import FLAGEMBEDDING, PAIRS, TEVATRON, TRIPLETS
from negmine.config.settings import IndexSettings
from negmine.data.sources.mined_values import (
    Parts,
    Passage,
    keep_negative,
    needed_text,
    other_values,
    passage_list,
    plain_text,
    score_list,
    text_list,
    with_text,
)

_NEGATIVE = re.compile(r"negative(?:_(\d+))?")
_DEFAULT = str(IndexSettings.model_fields["query_column"].default)
_SHORT = "query"  # what triplets often call their anchor


@dataclass(frozen=True)
class Form:
    """A form that a file may have.

    columns: those that each file must have, by the flag that names one, or by their own name where none does.
    is_like: tells whether a first row has that form. parts: reads a row.
    """

    columns: Callable[[IndexSettings, Collection[str]], dict[str, str]]
    is_like: Callable[[IndexSettings, Mapping[str, Any]], bool]
    parts: Callable[[IndexSettings, Mapping[str, Any]], Parts]


def forms_of(settings: IndexSettings, first: Mapping[str, Any]) -> list[str]:
    """Return the forms that a file's first row has. One with negatives is no file of mere pairs."""
    fitting = [name for name, form in FORMS.items() if form.is_like(settings, first)]
    return [name for name in fitting if name != PAIRS or TRIPLETS not in fitting]


def negative_columns(names: Collection[str]) -> list[str]:
    """Return the columns negative, negative_1, negative_2 ... that are there, in this order."""
    matches = {name: match for name in names if (match := _NEGATIVE.fullmatch(name))}
    return sorted(matches, key=lambda name: int(matches[name][1] or -1))


def _pair_columns(settings: IndexSettings, names: Collection[str]) -> dict[str, str]:
    return {
        "--query-column": settings.query_column,
        "--positive-column": settings.positive_column,
    }


def _triplet_columns(settings: IndexSettings, names: Collection[str]) -> dict[str, str]:
    columns = _pair_columns(settings, names)
    if settings.query_column == _DEFAULT and _DEFAULT not in names and _SHORT in names:
        columns["--query-column"] = _SHORT
    return columns


def _is_pair(settings: IndexSettings, row: Mapping[str, Any]) -> bool:
    return _has_texts(row, _pair_columns(settings, row).values())


def _is_triplet(settings: IndexSettings, row: Mapping[str, Any]) -> bool:
    columns = _triplet_columns(settings, row).values()
    return bool(negative_columns(row)) and _has_texts(row, columns)


def _has_texts(row: Mapping[str, Any], columns: Iterable[str]) -> bool:
    return all(column in row and not isinstance(row[column], list | dict) for column in columns)


def _pair(settings: IndexSettings, row: Mapping[str, Any]) -> Parts:
    return _of_columns(row, *_pair_columns(settings, row).values())


def _triplet(settings: IndexSettings, row: Mapping[str, Any]) -> Parts:
    """Read a triplet or an n-tuple. A null is no negative: rows may differ in number."""
    query, positive = _triplet_columns(settings, row).values()
    negatives = negative_columns(row)
    parts = _of_columns(row, query, positive)
    for name in negatives:
        text = plain_text(name, row[name], parts)
        if row[name] is not None and text is not None:
            keep_negative(Passage(text), parts)
    parts.other = other_values(row, {query, positive, *negatives}, parts)
    return parts


def _of_columns(row: Mapping[str, Any], query: str, positive: str) -> Parts:
    parts = Parts()
    parts.query = needed_text("query", row.get(query), parts)
    parts.positives = [Passage(needed_text("positive", row.get(positive), parts))]
    return parts


def _is_flagembedding(settings: IndexSettings, row: Mapping[str, Any]) -> bool:
    return "query" in row and isinstance(row.get("pos"), list)


def _flagembedding(settings: IndexSettings, row: Mapping[str, Any]) -> Parts:
    parts = Parts()
    parts.query = needed_text("query", row.get("query"), parts)
    positives = [Passage(text) for text in text_list("pos", row.get("pos"), parts)]
    parts.positives = with_text("pos", positives, parts)
    texts = text_list("neg", [] if row.get("neg") is None else row["neg"], parts)
    score_list("pos_scores", row.get("pos_scores"), len(positives), "pos", parts)
    scores = score_list("neg_scores", row.get("neg_scores"), len(texts), "neg", parts)
    for text, score in zip(texts, scores, strict=False):
        keep_negative(Passage(text, score), parts)
    read = {"query", "pos", "neg", "pos_scores", "neg_scores"}
    parts.other = other_values(row, read, parts)
    return parts


def _is_tevatron(settings: IndexSettings, row: Mapping[str, Any]) -> bool:
    return "query" in row and isinstance(row.get("positive_passages"), list)


def _tevatron(settings: IndexSettings, row: Mapping[str, Any]) -> Parts:
    parts = Parts()
    parts.query = needed_text("query", row.get("query"), parts)
    key = "positive_passages"
    parts.positives = with_text(key, passage_list(key, row.get(key), parts), parts)
    key = "negative_passages"
    for passage in passage_list(key, [] if row.get(key) is None else row[key], parts):
        keep_negative(passage, parts)
    parts.other = other_values(row, {"query", "positive_passages", "negative_passages"}, parts)
    return parts


def _lists(*names: str) -> Callable[[IndexSettings, Collection[str]], dict[str, str]]:
    columns = dict(zip(names, names, strict=True))
    return lambda settings, present: columns


FORMS: dict[str, Form] = {
    PAIRS: Form(_pair_columns, _is_pair, _pair),
    TRIPLETS: Form(_triplet_columns, _is_triplet, _triplet),
    FLAGEMBEDDING: Form(_lists("query", "pos"), _is_flagembedding, _flagembedding),
    TEVATRON: Form(_lists("query", "positive_passages"), _is_tevatron, _tevatron),
}
