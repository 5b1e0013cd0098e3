"""How the judge's answers are read: what can be read in one way only counts, and nothing else.

An answer counts by its id alone; ids that were not asked about do not count. The grammar, of one line:

    line    = lead segment {segment}      each segment is read, or the whole line is not
    lead    = marks [number marks] ["id" | "document"] marks
    segment = id marks ["answer:" | "relevant:" ...] answer marks [surety [reason]]
    answer  = yes | no | relevant | not relevant | irrelevant
    surety  = confident | sure | certain | unsure | uncertain | not confident ...
    reason  = any text that does not take answer or surety back

Marks are blanks and punctuation: emphasis, bullets, quotes, cells of a table. JSON is read by from_json.py. Two
answers about a document that differ are none; of two equal answers, one that is unsure makes both unsure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from negmine.scorers.judge.base import Reply
from negmine.scorers.judge.from_json import objects, of_object
from negmine.scorers.judge.votes import SILENT, Round

ROUNDING = 1e-3  # by which a log-probability may be above 0
LONGEST = 100_000  # characters of an answer; a longer one is none
_FLAGS = re.IGNORECASE
_ID = re.compile(r"(?<![^\W_])d[0-9]{1,6}-[0-9a-f]{12}(?![^\W_])", _FLAGS)
_M = r"[\s*_\"'`|:;,.()\[\]<>=#/\\+\-\u2010-\u2015\u2212•·→⇒“”\u2018\u2019«»…]"
_LEAD = re.compile(rf"{_M}*(?:[0-9]{{1,6}}{_M}+)?(?:(?:id|document|doc)\b{_M}*)?", _FLAGS)
_UNSURE = r"unsure|uncertain|not[ ]+(?:confident|sure|certain)"
_SEGMENT = re.compile(
    rf"{_M}+(?:(?:answer|verdict|relevant)\b[*_\"'`\s]*[:=?]{_M}*)?"
    rf"(?:(?P<yes>yes|relevant)|(?P<no>no|not[ ]+relevant|irrelevant))\b(?:{_M}|!)*"
    rf"(?:(?:(?P<sure>confident|sure|certain)|{_UNSURE})\b(?P<reason>.*))?",
    _FLAGS | re.DOTALL,
)
_BACK = rf"\b(?:wait|actually|correction|sorry)\b|\b(?:{_UNSURE})\b"
_AGAINST_YES = re.compile(
    rf"\bno\b(?=\s*(?:[^\w\s]|$))|\bnot relevant\b|\birrelevant\b|{_BACK}", _FLAGS
)
_AGAINST_NO = re.compile(rf"\byes\b|{_BACK}", _FLAGS)
_NEXT_NUMBER = re.compile(rf"[0-9]{{1,6}}[.):]{_M}*$")
_THOUGHT, _END_OF_THOUGHT = "<think>", "</think>"

Answer = tuple[str, bool, bool]  # id, is yes, is confident


def answers(reply: Reply, ids: Sequence[str]) -> list[Round]:
    """Return the answer about each id; silence where there is none that can be read, or two that differ.

    The last line of an answer that was cut off is not believed.
    """
    rounds_by_id: dict[str, Round] = {}
    contradicted: set[str] = set()
    for name, is_yes, is_sure in _all(reply):
        before = rounds_by_id.get(name, (is_yes, True))
        if before[0] != is_yes:
            contradicted.add(name)
        rounds_by_id[name] = (is_yes, is_sure and before[1])
    return [SILENT if name in contradicted else rounds_by_id.get(name, SILENT) for name in ids]


def readable(reply: Reply, logprobs: bool) -> bool:
    """Tell whether there is anything in a reply that can be taken for an answer."""
    return yes_probability(reply) is not None if logprobs else any(True for _ in _all(reply))


def _all(reply: Reply) -> Iterator[Answer]:
    """Yield every answer, in their order."""
    text = reply.text
    if len(text) > LONGEST:
        return
    if _THOUGHT in text or _END_OF_THOUGHT in text:  # what a model thinks aloud is not its answer
        _, end, text = text.rpartition(_END_OF_THOUGHT)
        if not end or _THOUGHT in text:
            return
    lines = text.splitlines()
    if not reply.whole:
        lines = lines[:-1]
    plain, values = objects("\n".join(lines))
    for value in values:
        yield from of_object(value, _ID)
    for line in plain:
        yield from _of_line(line)


def _of_line(line: str) -> list[Answer]:
    """Return the answers of a line; none where a part of it cannot be read."""
    ids = list(_ID.finditer(line))
    if not ids or _LEAD.fullmatch(line, 0, ids[0].start()) is None:
        return []
    ends = [*(one.start() for one in ids[1:]), len(line)]
    read = [_of_segment(one, line, end) for one, end in zip(ids, ends, strict=True)]
    return [one for one in read if one is not None] if None not in read else []


def _of_segment(name: re.Match[str], line: str, end: int) -> Answer | None:
    text = line[name.end() : end].rstrip()
    if end < len(line):
        text = _NEXT_NUMBER.sub("", text)
    match = _SEGMENT.fullmatch(text)
    if match is None:
        return None
    is_yes, is_sure = match["yes"] is not None, match["sure"] is not None
    if (_AGAINST_YES if is_yes else _AGAINST_NO).search(match["reason"] or "") and is_sure:
        return None
    return name[0].lower(), is_yes, is_sure


def yes_probability(reply: Reply) -> float | None:
    """Return p(Yes) / (p(Yes) + p(No)) of the first token (UniME-V2, Gu et al. 2025); None without either.

    Spellings ("yes", " Yes") are summed. Where only one of the two is among the tokens told, the other
    is taken at the least likely of them: the most it can be. A log-probability above 0 is none, and
    then none of them is believed.
    """
    values = [value for _, value in reply.first_tokens]
    if not all(math.isfinite(value) and value <= ROUNDING for value in values):
        return None
    logprobs: dict[str, list[float]] = {"yes": [], "no": []}
    for token, value in reply.first_tokens:
        logprobs.get(token.strip().lower(), []).append(value)
    if not logprobs["yes"] and not logprobs["no"]:
        return None
    yes, no = (sum(map(math.exp, logprobs[word] or [min(values)])) for word in ("yes", "no"))
    return yes / (yes + no) if yes + no > 0 else None
