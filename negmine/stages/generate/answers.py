"""How an answer of the model that writes is read: one JSON object with one text, and nothing else.

What cannot be read so is no text: a refusal in words, a preamble, two objects, an answer that was cut off,
the prompt's own words, the key that was sent, characters that steer what shows them or that chat templates put
between messages.
"""

from __future__ import annotations

import re

from negmine.config.json_text import parsed
from negmine.config.secrets import has_secret
from negmine.data.steering import STEERING
from negmine.data.texts import normalise
from negmine.scorers.judge.base import ANSWER, Reply
from negmine.scorers.judge.prompts import MARKS

LONGEST = 20_000  # characters of a document
COPIED = 8  # words of the prompt, one after the other, that no answer may have
_FENCE = "```"
_THOUGHT, _END_OF_THOUGHT = "<think>", "</think>"


def readable(reply: Reply, logprobs: bool) -> bool:
    """Tell whether a reply has a document in it, as far as the answer alone tells."""
    return document_of(reply, "") is not None


def document_of(reply: Reply, prompt: str) -> str | None:
    """Return the document that a reply has, without blanks around it; None where it cannot be read.

    prompt: its words are not to come back.
    """
    return text_of(reply, "text", prompt, LONGEST)


def text_of(reply: Reply, key: str, prompt: str, longest: int) -> str | None:
    """Return the text that a reply has under `key`; None where it cannot be read, or has more characters."""
    if reply.kind != ANSWER or not reply.whole:
        return None
    text = reply.text
    if _THOUGHT in text or _END_OF_THOUGHT in text:  # what a model thinks aloud is not its answer
        _, end, text = text.rpartition(_END_OF_THOUGHT)
        if not end or _THOUGHT in text:
            return None
    try:
        pairs = parsed(_unfenced(text.strip()), make=list)
    except ValueError:
        return None
    if not isinstance(pairs, list) or len(pairs) != 1 or not isinstance(pairs[0], tuple):
        return None
    name, value = pairs[0]
    if name != key or not isinstance(value, str):
        return None
    written = value.replace("\r\n", "\n").strip()
    return written if _is_text(written, prompt, longest) else None


def _unfenced(text: str) -> str:
    """Return what stands in a code fence; another text as it is. No regex: blanks without end took hours."""
    if len(text) < 2 * len(_FENCE) or not (text.startswith(_FENCE) and text.endswith(_FENCE)):
        return text
    inside = text[len(_FENCE) : -len(_FENCE)]
    return inside[4:] if inside[:4].lower() == "json" else inside


def _is_text(text: str, prompt: str, longest: int) -> bool:
    words = normalise(text)
    if not words or len(text) > longest or STEERING.search(text) or MARKS.search(text):
        return False
    if has_secret(text):  # it was written with escapes
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not shares_run(text, prompt)


def shares_run(text: str, other: str) -> bool:
    """Tell whether two texts share COPIED words, one after the other."""
    return not _runs(normalise(text)).isdisjoint(_runs(normalise(other)))


def holds(text: str, other: str) -> bool:
    """Tell whether a text has all words of another, one after the other."""
    some, all_of_it = (f" {' '.join(_words(normalise(one)))} " for one in (other, text))
    return some in all_of_it


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _runs(text: str) -> set[tuple[str, ...]]:
    """Return every run of COPIED words, without punctuation."""
    words = _words(text)
    return {tuple(words[at : at + COPIED]) for at in range(len(words) - COPIED + 1)}
