"""Every call that was paid for, in one SQLite file: asked again, it is answered from here.

Table `calls`: key, model, messages and settings as JSON, the raw answer, first tokens, tokens, seconds, and
when. Each call is committed by itself, so a kill loses none that was answered.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from dataclasses import asdict
from pathlib import Path

from negmine.errors import CorruptArtifact
from negmine.judge import Chat, Messages, Reply
from negmine.workdir import now

_TABLE = """create table if not exists calls (
    key text primary key, model text, request text, answer text, first_tokens text, prompt_tokens int,
    completion_tokens int, whole int, seconds real, asked_at text)"""


class Budget:
    """How much may still be spent. Replayed calls cost nothing."""

    def __init__(self, calls: int | None = None, tokens: int | None = None) -> None:
        self.calls, self.tokens = calls, tokens
        self.asked = self.replayed = self.prompt_tokens = self.completion_tokens = 0

    def exhausted(self) -> bool:
        """Tell whether not one more call may be made."""
        spent = self.prompt_tokens + self.completion_tokens
        return (self.calls is not None and self.asked >= self.calls) or (
            self.tokens is not None and spent >= self.tokens
        )


class BudgetSpent(Exception):
    """There is no budget left for this call."""


class Recorded:
    """A chat with a memory and a budget."""

    def __init__(self, chat: Chat, model: str, file: Path, budget: Budget) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._chat, self._model, self.budget = chat, model, budget
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
        if found is not None:
            self.budget.replayed += 1
            return found
        if self.budget.exhausted():
            raise BudgetSpent
        self.budget.asked += 1
        start = time.perf_counter()
        reply = await self._chat.ask(messages, max_tokens, logprobs, attempt)
        self.budget.prompt_tokens += reply.prompt_tokens
        self.budget.completion_tokens += reply.completion_tokens
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
        said = asdict(reply)
        self._calls.execute(
            "insert or replace into calls values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key, self._model, request, said["text"], json.dumps(said["first_tokens"]),
                said["prompt_tokens"], said["completion_tokens"], int(said["whole"]),
                round(seconds, 3), now(),
            ),
        )  # fmt: skip
