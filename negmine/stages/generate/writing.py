"""One query: what is asked for it, what came of every request, and the rows of `documents` that follow."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.data.frames import table
from negmine.data.schemas import GENERATED_DOCUMENTS
from negmine.data.texts import text_key
from negmine.models.endpoint.budget import BudgetSpent
from negmine.scorers.judge.base import NOTHING, REFUSAL, Chat, Messages, Reply
from negmine.stages.generate.answers import document_of
from negmine.stages.generate.prompts import Prompt, ask_for

WRITTEN, UNREADABLE, REFUSED, REPEATED = "written", "unreadable", "refused", "repeated"
NOT_HEARD, NOT_ASKED = "not_heard", "not_asked"
OUTCOMES = (WRITTEN, UNREADABLE, REFUSED, REPEATED, NOT_HEARD, NOT_ASKED)
LEFT = (NOT_HEARD, NOT_ASKED)  # the next command asks for these again
NAMESPACE = "generated-"  # doc_ids of written documents begin with it
Answer = tuple[str, str | None]
"""What came of a request (one of OUTCOMES), and the text that it gave, if any."""


@dataclass(frozen=True)
class Request:
    """A query, and what it gets: `count` documents by each prompt. positives: their texts, one at least."""

    query_id: str
    query: str
    positives: Sequence[str]
    prompts: Sequence[Prompt]
    count: int

    def document(self, number: int) -> str:
        """Return the positive that request `number` (from 1) shows: they take turns."""
        return self.positives[(number - 1) % len(self.positives)]


@dataclass(frozen=True)
class Writer:
    """Who writes. model: its name, as `origin` has it. identity: the model and all that is sent to it."""

    chat: Chat
    model: str
    identity: str
    max_tokens: int


async def write(request: Request, writer: Writer) -> list[dict[str, Any]]:
    """Ask for all documents of a query; return its rows of `documents`. Spent budget ends the asking.

    A text that the query has from an earlier request is `repeated`. Nothing is written down of what cannot be
    read but that it was so.
    """
    rows: list[dict[str, Any]] = []
    keys: set[bytes] = set()
    numbers = range(1, request.count + 1)
    wanted = [(prompt, number) for prompt in request.prompts for number in numbers]
    replies = await in_turn([partial(_one, request, *one, writer) for one in wanted])
    for (prompt, number), (outcome, text) in zip(wanted, replies, strict=True):
        key = None if text is None else text_key(text)
        if key is not None and key in keys:
            outcome, text, key = REPEATED, None, None
        elif key is not None:
            keys.add(key)
        rows.append(
            {
                "query_id": request.query_id,
                "kind": prompt.kind,
                "number": number,
                "outcome": outcome,
                "doc_id": None if text is None else doc_id(request, prompt, number, writer, text),
                "text": text,
                "text_key": key,
                "origin": origin(prompt, writer.model),
            }
        )
    return rows


async def in_turn(requests: Sequence[Callable[[], Awaitable[Answer]]]) -> list[Answer]:
    """Return what came of requests that are made one after the other; after a spent budget, of none."""
    answers: list[Answer] = []
    with suppress(BudgetSpent):
        for request in requests:
            answers.append(await request())
    return [*answers, *[(NOT_ASKED, None)] * (len(requests) - len(answers))]


async def asked(
    messages: Messages, number: int, writer: Writer, read: Callable[[Reply], str | None]
) -> Answer:
    """Ask once; return what came of it, and the text that `read` finds in the reply. Raises BudgetSpent."""
    reply = await writer.chat.ask(messages, writer.max_tokens, False, number)
    if reply.kind == REFUSAL:
        return REFUSED, None
    if reply.kind == NOTHING:
        return NOT_HEARD, None
    text = read(reply)
    return (UNREADABLE if text is None else WRITTEN), text


async def _one(request: Request, prompt: Prompt, number: int, writer: Writer) -> Answer:
    messages = ask_for(prompt, request.query, request.document(number), number, request.count)
    return await asked(messages, number, writer, lambda reply: document_of(reply, prompt.text))


def doc_id(request: Request, prompt: Prompt, number: int, writer: Writer, text: str) -> str:
    """Return the id of a written document: the same for the same text, model and request."""
    parts = (request.query_id, prompt.kind, prompt.hash, str(number), writer.identity, text)
    return written_id(prompt.kind, parts)


def written_id(kind: str, parts: Sequence[str]) -> str:
    """Return the id of what a model wrote: its kind, and a hash of all that tells it from others."""
    whole = "\0".join(parts).encode("utf-8", "surrogatepass")
    return f"{NAMESPACE}{kind}-{hashlib.blake2b(whole, digest_size=10).hexdigest()}"


def origin(prompt: Prompt, model: str) -> str:
    """Return where a document comes from: its kind, the model's name and the hash of the prompt."""
    return f"{prompt.kind} by {model}, prompt {prompt.hash}"


def documents_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Return rows of `documents` under their schema."""
    types = {"number": pl.Int32, "text_key": pl.Binary}
    columns = {
        name: pl.Series([row[name] for row in rows], dtype=types.get(name, pl.String))
        for name in GENERATED_DOCUMENTS.names
    }
    return table(pl.DataFrame(columns), GENERATED_DOCUMENTS)


def count_documents(rows: pl.LazyFrame) -> dict[str, Any]:
    """Return the manifest's counts: requests by outcome, and written documents by kind."""
    counts = rows.group_by("outcome", "kind").len().collect(engine="streaming")
    by_outcome = dict(counts.group_by("outcome").agg(pl.col("len").sum()).iter_rows())
    written = counts.filter(pl.col("outcome") == WRITTEN).sort("kind")
    stats: dict[str, Any] = {
        "requests": int(counts["len"].sum()),
        "outcomes": {name: by_outcome[name] for name in OUTCOMES if name in by_outcome},
        "written": dict(written.select("kind", "len").iter_rows()),
    }
    reasons = []
    if not_asked := by_outcome.get(NOT_ASKED, 0):
        reasons.append(f"the budget was spent with {not_asked:,} documents to go")
    if not_heard := by_outcome.get(NOT_HEARD, 0):
        reasons.append(f"the model was not heard about {not_heard:,} documents")
    if reasons:
        stats["unfinished"] = "; ".join(reasons)
    row_hash = pl.struct("query_id", "kind", "number", "outcome", "doc_id").hash(seed=0).sum()
    so_far = rows.select(row_hash).collect(engine="streaming").item()
    stats["so_far"] = f"{so_far:x}"
    return stats
