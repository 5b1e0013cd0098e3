"""The values of a row of a mined file: texts, passages, scores. What is wrong becomes a fault of the row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from negmine.data.sources.records import as_text, fault_of

LARGEST = 3.4e38  # of a score, which is float32 in a run


class Passage(NamedTuple):
    """A text that a row calls positive or negative. score: of a negative, higher is better."""

    text: str
    score: float | None = None
    title: str | None = None
    docid: str | None = None


@dataclass
class Parts:
    """What a row holds. empty: negatives without a text. faults: why the row cannot be used; usually none.

    other: values of the other columns, for the query.
    """

    query: str = ""
    positives: list[Passage] = field(default_factory=list)
    negatives: list[Passage] = field(default_factory=list)
    empty: int = 0
    other: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def passage_list(key: str, value: Any, parts: Parts) -> list[Passage]:
    """Return the passages of a list of objects with a text, and perhaps title, docid and score."""
    return [
        passage
        for place, one in enumerate(_list(key, value, parts), 1)
        if (passage := _passage(f"{key}, passage {place}", one, parts)) is not None
    ]


def _passage(what: str, value: Any, parts: Parts) -> Passage | None:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        parts.faults.append(f"{what}: an object with a text is wanted")
        return None
    text, title, docid = (
        plain_text(f"{what}, {name}", value.get(name), parts) for name in ("text", "title", "docid")
    )
    score = score_list(f"{what}, score", [value.get("score")], 1, what, parts)[0]
    return Passage(text or "", score, title, docid)


def with_text(key: str, passages: Sequence[Passage], parts: Parts) -> list[Passage]:
    """Return the passages that have a text; it is a fault where none has."""
    left = [one for one in passages if _is_filled(one)]
    if not left and not any(fault.startswith(key) for fault in parts.faults):
        parts.faults.append(f"{key} has no text in it")
    return left


def keep_negative(passage: Passage, parts: Parts) -> None:
    """Add a negative, or count one without a text."""
    if _is_filled(passage):
        parts.negatives.append(passage)
    else:
        parts.empty += 1


def _is_filled(passage: Passage) -> bool:
    return bool(passage.text.strip() or (passage.title or "").strip())


def needed_text(side: str, value: Any, parts: Parts) -> str:
    """Return the text of the query or the positive, which has to be there."""
    fault = fault_of(value)
    text = as_text(value) or ""
    if fault:
        parts.faults.append(f"the {side}: {fault}")
    elif not text.strip():
        parts.faults.append(f"the {side} is empty")
    return text


def plain_text(what: str, value: Any, parts: Parts) -> str | None:
    """Return a text; None where there is none, or one that cannot be used, which becomes a fault."""
    fault = fault_of(value)
    if fault:
        parts.faults.append(f"{what}: {fault}")
        return None
    return as_text(value)


def text_list(key: str, value: Any, parts: Parts) -> list[str]:
    """Return the texts of a list; a value that is none becomes a fault, and an empty text."""
    texts = []
    for place, one in enumerate(_list(key, value, parts), 1):
        if not isinstance(one, str):
            kind = "null" if one is None else type(one).__name__
            parts.faults.append(f"{key}, text {place}: a text is wanted, this is a {kind}")
            texts.append("")
        else:
            texts.append(plain_text(f"{key}, text {place}", one, parts) or "")
    return texts


def _list(key: str, value: Any, parts: Parts) -> list[Any]:
    if isinstance(value, list):
        return value
    kind = "missing" if value is None else f"a {type(value).__name__}"
    parts.faults.append(f"{key}: a list is wanted, this is {kind}")
    return []


def score_list(key: str, value: Any, count: int, of: str, parts: Parts) -> list[float | None]:
    """Return `count` scores; all null where one is missing, since they order the whole list."""
    none: list[float | None] = [None] * count
    if value is None:
        return none
    if not isinstance(value, list) or len(value) != count:
        length = f"has {len(value)}" if isinstance(value, list) else "is no list"
        parts.faults.append(f"{key} {length}, and {of} has {count}")
        return none
    odd = [one for one in value if one is not None and not _is_score(one)]
    if odd:
        parts.faults.append(f"{key}: {odd[0]!r:.40} is no finite number that fits into float32")
    return none if odd or None in value else [float(one) for one in value]


def _is_score(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and abs(value) <= LARGEST


def other_values(row: Mapping[str, Any], read: set[str], parts: Parts) -> dict[str, Any]:
    """Return the other columns that hold a text or a number."""
    others = {}
    for name, value in row.items():
        if name not in read and isinstance(value, str | int | float):
            if fault := fault_of(value):
                parts.faults.append(f"{name:.60}: {fault}")
            others["source_query_id" if name == "query_id" else name] = value
    return others
