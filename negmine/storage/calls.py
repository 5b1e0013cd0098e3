"""The call cache: every call to a judge that was paid for, in one SQLite file.

Table `calls`: key, model, messages and settings as JSON, the raw answer, first tokens, tokens, seconds, and
when. Each call is committed by itself, so a kill loses none that was answered. Table `spending`: what
each command has spent, as JSON.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from negmine.config.secrets import redacted
from negmine.errors import CorruptArtifact
from negmine.storage.manifest import now

_CALLS = """create table if not exists calls (
    key text primary key, model text, request text, answer text, first_tokens text, prompt_tokens int,
    completion_tokens int, whole int, seconds real, asked_at text)"""
_SPENDING = "create table if not exists spending (command text primary key, counters text)"


class Call(NamedTuple):
    """The answer of one call. first_tokens: the most likely ones with their log-probabilities."""

    answer: str
    first_tokens: tuple[tuple[str, float], ...]
    prompt_tokens: int
    completion_tokens: int
    whole: bool


class Calls:
    """The calls of one judge. Raises CorruptArtifact for a file that is no SQLite database."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = sqlite3.connect(file, isolation_level=None)
            self._database.execute("pragma journal_mode = wal")
            self._database.execute(_CALLS)
            self._database.execute(_SPENDING)
        except sqlite3.DatabaseError as error:
            raise CorruptArtifact(
                f"{file} cannot be read ({error}). Move it away; its calls will be paid for again."
            ) from error

    def find(self, key: str) -> Call | None:
        """Return the call of this key, if it was paid for before."""
        columns = "answer, first_tokens, prompt_tokens, completion_tokens, whole"
        query = f"select {columns} from calls where key = ?"
        row = self._database.execute(query, (key,)).fetchone()
        if row is None:
            return None
        tokens = tuple((token, value) for token, value in json.loads(row[1]))
        return Call(row[0], tokens, row[2], row[3], bool(row[4]))

    def keep(self, key: str, model: str, request: str, call: Call, seconds: float) -> None:
        """Keep a call. request: messages and settings as JSON."""
        self._database.execute(
            "insert or replace into calls values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key, model, redacted(request), redacted(call.answer), redacted(json.dumps(call.first_tokens)),
                call.prompt_tokens, call.completion_tokens, int(call.whole), round(seconds, 3), now(),
            ),
        )  # fmt: skip

    def spending(self, command: str) -> dict[str, Any]:
        """Return the counters that `record_spending` kept for a command; empty for a new one."""
        query = "select counters from spending where command = ?"
        row = self._database.execute(query, (command,)).fetchone()
        return {} if row is None else dict(json.loads(row[0]))

    def record_spending(self, command: str, counters: Mapping[str, Any]) -> None:
        """Keep what a command has spent so far."""
        self._database.execute(
            "insert or replace into spending values (?, ?)", (command, json.dumps(counters))
        )

    def close(self) -> None:
        """Close the file."""
        self._database.close()
