"""Every call that was paid for, in one SQLite file: asked again, it is answered from here.

Table `calls`: key, model, messages and settings as JSON, the raw answer, first tokens, tokens, seconds, and
when. Each call is committed by itself, so a kill loses none that was answered. Refusals, and what no model
said, are not kept: they would stand in the way when the trouble is over.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from pathlib import Path

from negmine.errors import CorruptArtifact
from negmine.scorers.judge.base import ANSWER, NOTHING, Chat, Messages, Reply
from negmine.scorers.judge.budget import Budget, guess_tokens
from negmine.scorers.judge.prompts import readable
from negmine.storage.workdir import now

_TABLE = """create table if not exists calls (
    key text primary key, model text, request text, answer text, first_tokens text, prompt_tokens int,
    completion_tokens int, whole int, seconds real, asked_at text)"""


class Recorded:
    """A chat with a memory and a budget. With `again`, remembered answers that say nothing are asked anew."""

    def __init__(
        self, chat: Chat, model: str, file: Path, budget: Budget, again: bool = False
    ) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._chat, self._model, self.budget, self._again = chat, model, budget, again
        try:
            self._calls = sqlite3.connect(file, isolation_level=None)
            self._calls.execute("pragma journal_mode = wal")
            self._calls.execute(_TABLE)
        except sqlite3.DatabaseError as error:
            raise CorruptArtifact(
                f"{file} cannot be read ({error}). Move it away; its calls will be paid for again."
            ) from error

    async def ask(self, messages: Messages, max_tokens: int, logprobs: bool, attempt: int) -> Reply:
        """Answer from memory, else ask and remember (see Chat). Raises BudgetSpent."""
        request = json.dumps(
            {
                "messages": messages,
                "max_tokens": max_tokens,
                "logprobs": logprobs,
                "attempt": attempt,
            },
            ensure_ascii=False,
        )
        key = hashlib.sha256(f"{self._model}\0{request}".encode()).hexdigest()
        found = self._find(key)
        if found is not None and (readable(found, logprobs) or not self._again):
            self.budget.replayed += 1
            return found
        prompt = sum(guess_tokens(message["content"]) for message in messages)
        await self.budget.reserve(prompt + max_tokens)
        used, guessed = prompt, False
        start = time.perf_counter()
        try:
            reply = await self._chat.ask(messages, max_tokens, logprobs, attempt)
            guessed = reply.kind == ANSWER and not reply.prompt_tokens
            answer = reply.completion_tokens or guess_tokens(reply.text)
            used = (reply.prompt_tokens or prompt) + answer
        finally:
            self.budget.settle(prompt + max_tokens, used, guessed)
        self.budget.unheard += reply.kind == NOTHING
        if reply.kind == ANSWER:
            self._keep(key, request, reply, time.perf_counter() - start)
        return reply

    def close(self) -> None:
        """Close the file."""
        self._calls.close()

    def _find(self, key: str) -> Reply | None:
        columns = "answer, first_tokens, prompt_tokens, completion_tokens, whole"
        row = self._calls.execute(f"select {columns} from calls where key = ?", (key,)).fetchone()
        if row is None:
            return None
        tokens = tuple((token, value) for token, value in json.loads(row[1]))
        return Reply(row[0], tokens, row[2], row[3], bool(row[4]))

    def _keep(self, key: str, request: str, reply: Reply, seconds: float) -> None:
        self._calls.execute(
            "insert or replace into calls values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key, self._model, request, reply.text, json.dumps(reply.first_tokens),
                reply.prompt_tokens, reply.completion_tokens, int(reply.whole), round(seconds, 3), now(),
            ),
        )  # fmt: skip
