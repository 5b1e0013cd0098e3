"""Answers that a judge gives as JSON: values that begin with a line and end with one, as lists and objects.

    {"id": "d1-5e0c90ab41f7", "answer": "yes", "confidence": "confident"}
    {"d1-5e0c90ab41f7": "no, unsure", "d2-5e0c90ab41f7": {"relevant": true}}
    [["d1-5e0c90ab41f7", "yes", "confident"]]

Other keys are passed over. A key that stands twice, two keys that differ, and values of other kinds are none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

ANSWER_KEYS = ("answer", "verdict", "relevant", "is_relevant", "judgment", "judgement", "decision")
SURETY_KEYS = ("confidence", "confident", "certainty", "sure")
_YES, _NO = ("yes", "relevant", "true"), ("no", "not relevant", "irrelevant", "false")
_SURE = ("confident", "sure", "certain", "true")
_UNSURE = ("unsure", "uncertain", "not confident", "not sure", "false")
_REST = re.compile(r"[^\S\n]*,?[^\S\n]*(?:\n|$)")  # of the line that a value ends in
TRIES = 50  # of lines that begin as JSON and are none

Answer = tuple[str, bool, bool]


class _Twice(ValueError):
    """A key stands twice in an object."""


def objects(text: str) -> tuple[list[str], list[Any]]:
    """Return the lines that are no JSON, and the lists and objects of JSON."""
    plain: list[str] = []
    values: list[Any] = []
    at = tries = 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        line = text[at:end]
        begin = at + len(line) - len(line.lstrip())
        value, stop = (
            _decoded(text, begin) if tries < TRIES and line.strip()[:1] in ("{", "[") else (None, 0)
        )
        if stop:
            values.append(value)
            end = stop
        else:
            tries += line.strip()[:1] in ("{", "[")
            plain.append(line)
        at = end
    return plain, values


def of_object(value: Any, ids: re.Pattern[str]) -> Iterator[Answer]:
    """Yield the answers in a value. ids: what an id looks like."""
    if isinstance(value, list):
        yield from _of_list(value, ids)
        return
    if not isinstance(value, dict):
        return
    name = _name(value.get("id"), ids)
    if name is not None:
        yield from _answer(name, value)
        return
    for key, inner in value.items():
        name = _name(key, ids)
        if name is None and isinstance(inner, dict | list):
            yield from of_object(inner, ids)
        elif name is not None:
            yield from _answer(name, inner if isinstance(inner, dict) else _spelled(inner))


def _of_list(values: list[Any], ids: re.Pattern[str]) -> Iterator[Answer]:
    name = _name(values[0], ids) if values else None
    if name is None:
        for value in values:
            yield from of_object(value, ids)
    elif len(values) in (2, 3):
        names = ("answer", "confidence")
        yield from _answer(name, dict(zip(names, values[1:], strict=False)))


def _name(value: Any, ids: re.Pattern[str]) -> str | None:
    return (
        value.strip().lower() if isinstance(value, str) and ids.fullmatch(value.strip()) else None
    )


def _spelled(value: Any) -> dict[str, Any]:
    """Return what stands beside an id: "yes, confident", or a truth value."""
    if not isinstance(value, str):
        return {"answer": value}
    answer, comma, surety = value.partition(",")
    return {"answer": answer, "confidence": surety} if comma else {"answer": answer}


def _answer(name: str, fields: dict[str, Any]) -> Iterator[Answer]:
    answers: set[bool | None] = set()
    sureties = {_truth(fields[key], _SURE, _UNSURE) for key in SURETY_KEYS if key in fields}
    for key in ANSWER_KEYS:
        if key in fields:
            spelled = _spelled(fields[key])
            answers.add(_truth(spelled["answer"], _YES, _NO))
            if "confidence" in spelled:
                sureties.add(_truth(spelled["confidence"], _SURE, _UNSURE))
    if answers in ({True}, {False}):
        yield name, answers == {True}, sureties == {True}


def _truth(value: Any, yes: tuple[str, ...], no: tuple[str, ...]) -> bool | None:
    if isinstance(value, bool):
        return value
    word = value.strip().strip(".").lower() if isinstance(value, str) else ""
    return True if word in yes else False if word in no else None


def _decoded(text: str, begin: int) -> tuple[Any, int]:
    """Return the value that begins here, and where the line behind it begins; 0 where there is none."""
    try:
        value, end = _DECODER.raw_decode(text, begin)
    except (ValueError, RecursionError):
        return None, 0
    rest = _REST.match(text, end)
    return (value, rest.end()) if rest is not None else (None, 0)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Twice
    return fields


_DECODER = json.JSONDecoder(object_pairs_hook=_once)
