"""Keys that must not come back: what a server or a file echoes of them is cut out of every text."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

VARIABLES = (
    "NEGMINE_JUDGE_KEY", "NEGMINE_GENERATE_KEY", "NEGMINE_EMBEDDING_KEY", "OPENAI_API_KEY",
    "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET",
)  # fmt: skip
LEAST = 8  # characters; a shorter value, such as EMPTY, is no secret, and would be cut out of ordinary words
SHARE = 3  # of a longer secret, each piece of a third is cut out
INSTEAD = "[secret]"
_USER = re.compile(r"(?<=//)[^/?#@]*@")


def redacted(text: str, *more: str | None) -> str:
    """Return a text without the secrets of the environment: whole, in pieces, broken by blanks, or encoded.

    Secrets: `more`, and the values of VARIABLES, that have 8 characters or more. Encodings: base64 (both
    alphabets), hexadecimal, URL, HTML and JSON. A piece: a third of a secret, at least 8 characters.
    """
    values = (*(os.environ.get(name) for name in VARIABLES), *more)
    secrets = tuple(secret for value in values if len(secret := (value or "").strip()) >= LEAST)
    return _without(text, secrets) if secrets else text


def shown_url(url: str) -> str:
    """Return a URL without user, password and query."""
    return re.split(r"[?#]", _USER.sub("", url))[0]


def has_secret(text: str) -> bool:
    """Tell whether a text holds a secret of the environment, or a piece of one."""
    return redacted(text) != text


def _without(text: str, secrets: tuple[str, ...]) -> str:
    compact = "".join(text.split())
    spans = [span for written in _written(secrets) for span in _spans(compact, written)]
    if not spans:
        return text
    places = [place for place, char in enumerate(text) if not char.isspace()]
    cut, end = [], 0
    for first, last in _joined(spans):
        cut += [text[end : places[first]], INSTEAD]
        end = places[last - 1] + 1
    return "".join([*cut, text[end:]])


@lru_cache(maxsize=4)
def _written(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Return how the secrets may be written, each once, without blanks."""
    forms = (form for secret in secrets for form in _forms(secret))
    return tuple(dict.fromkeys("".join(form.split()) for form in forms))


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode()
    yield from (secret, raw.hex(), raw.hex().upper(), quote(secret, safe=""), quote(secret))
    yield from (html.escape(secret), json.dumps(secret)[1:-1])
    for letter in "xX":  # each character escaped
        yield "".join(f"\\u{ord(char):04{letter}}" for char in secret)
    for before in range(3):  # base64 of a text in which the secret begins at any byte
        coded = base64.b64encode(b"\0" * before + raw)
        inner = coded[(8 * before + 5) // 6 : len(coded) - 4].decode()
        yield from (inner, inner.translate(str.maketrans("+/", "-_")))


def _spans(compact: str, written: str) -> Iterator[tuple[int, int]]:
    """Yield where pieces of a secret stand in a text: a third of it or more, at least LEAST characters."""
    least = min(max(LEAST, len(written) // SHARE), len(written))
    step = max(least // 2, 1)  # each piece of `least` characters has a whole chunk of so many in it
    for place in range(0, len(written) - step + 1, step):
        chunk, at = written[place : place + step], -1
        while (at := compact.find(chunk, at + 1)) >= 0:
            first, last = _grown(compact, written, at, place, step)
            if last - first >= least:
                yield first, last


def _grown(compact: str, written: str, at: int, place: int, length: int) -> tuple[int, int]:
    """Return the longest match around a chunk: of `written` from `place`, at `at` in the text."""
    before = 0
    while before < min(at, place) and compact[at - before - 1] == written[place - before - 1]:
        before += 1
    after = length
    most = min(len(compact) - at, len(written) - place)
    while after < most and compact[at + after] == written[place + after]:
        after += 1
    return at - before, at + after


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that touch as one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return joined
