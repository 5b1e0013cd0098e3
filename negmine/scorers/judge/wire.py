"""What a server sent, which may be any text at all, as a Reply: nothing here raises."""

from __future__ import annotations

import json
import math
from typing import Any

from negmine.config.secrets import redacted
from negmine.scorers.judge.base import NOTHING, Reply

MOST_TOKENS = 1_000_000_000  # nobody used more in one call
CUT = ("length", "content_filter")  # reasons to finish that are no end


def read(body: bytes) -> Reply:
    """Return the first choice of a chat completion; a Reply of kind `nothing` where there is none.

    The body is UTF-8, UTF-16 or UTF-32, as JSON says by its first bytes, whatever the headers say.
    """
    try:
        answer = json.loads(body.decode(json.detect_encoding(body), "replace"))
    except (ValueError, RecursionError):
        answer = None
    choice = _first(_part(answer, "choices"))
    message, usage = _part(choice, "message"), _part(answer, "usage")
    if not isinstance(message, dict):
        return Reply("", whole=False, kind=NOTHING)
    return Reply(
        redacted(_text(message.get("content"))),
        _first_tokens(_part(_first(_part(_part(choice, "logprobs"), "content")), "top_logprobs")),
        _count(_part(usage, "prompt_tokens")),
        _count(_part(usage, "completion_tokens")),
        _part(choice, "finish_reason") not in CUT,
    )


def _part(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _text(content: Any) -> str:
    """Return a text, or the texts of a list of parts; half characters become question marks."""
    if isinstance(content, list):
        content = "".join(
            part for part in (_part(p, "text") for p in content) if isinstance(part, str)
        )
    return content.encode("utf-8", "replace").decode() if isinstance(content, str) else ""


def _first_tokens(entries: Any) -> tuple[tuple[str, float], ...]:
    """Return tokens and log-probabilities; none at all where one of them is no log-probability."""
    tokens = []
    for entry in entries if isinstance(entries, list) else []:
        token, value = _part(entry, "token"), _part(entry, "logprob")
        if not isinstance(token, str) or not _is_number(value):
            return ()
        tokens.append((_text(token), float(value)))
    return tuple(tokens)


def _count(value: Any) -> int:
    return int(min(value, MOST_TOKENS)) if _is_number(value) and value > 0 else 0


def _is_number(value: Any) -> bool:
    """Tell a finite number; an int may be too long for a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < MOST_TOKENS * 1e9 and math.isfinite(value)
