"""The call cache: every call to a judge that was paid for, in one SQLite file.

Table `calls`: key, model, messages and settings as JSON, the raw answer, first tokens, tokens, seconds, when,
and `seal`, a hash of key and answer (null in rows of older versions). A call that is damaged is dropped with a
note, and asked for again. Each call is committed by itself, so a kill loses none that was answered. Table
`spending`: what each command has spent, as sealed JSON.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import xxhash

from negmine.config.json_text import parsed
from negmine.config.secrets import redacted
from negmine.errors import CorruptArtifact
from negmine.storage.files import new_folder
from negmine.storage.manifest import now
from negmine.storage.small_json import sealed, unsealed

_CALLS = """create table if not exists calls (
    key text primary key, model text, request text, answer text, first_tokens text, prompt_tokens int,
    completion_tokens int, whole int, seconds real, asked_at text, seal text)"""
_SPENDING = "create table if not exists spending (command text primary key, counters text)"
_DAMAGE = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,
)  # not a full disk, say


class Call(NamedTuple):
    """The answer of one call. first_tokens: the most likely ones with their log-probabilities."""

    answer: str
    first_tokens: tuple[tuple[str, float], ...]
    prompt_tokens: int
    completion_tokens: int
    whole: bool


class Calls:
    """The calls of one judge. note: receives a sentence for a call that is damaged and dropped.

    Every method raises CorruptArtifact for a file that is no SQLite database, or a damaged one.
    """

    def __init__(self, file: Path, note: Callable[[str], None] = lambda message: None) -> None:
        self._file, self._note = file, note
        new_folder(file.parent)
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.text_factory = _text
        for statement in ("pragma journal_mode = wal", _CALLS, _SPENDING):
            self._run(statement)
        if "seal" not in {column[1] for column in self._run("pragma table_info(calls)")}:
            self._run("alter table calls add column seal text")

    def find(self, key: str) -> Call | None:
        """Return the call of this key, if it was paid for before; one that is damaged is dropped."""
        columns = "answer, first_tokens, prompt_tokens, completion_tokens, whole, seal"
        rows = self._run(f"select {columns} from calls where key = ?", (key,))
        if not rows:
            return None
        *row, seal = rows[0]
        if seal in (None, _seal(key, row)):
            try:
                tokens = tuple((str(token), float(value)) for token, value in parsed(row[1]))
                return Call(str(row[0]), tokens, int(row[2]), int(row[3]), bool(row[4]))
            except (TypeError, ValueError):
                pass  # of an older version, or written by somebody else
        self._run("delete from calls where key = ?", (key,))
        self._note(f"{self._file}: 1 damaged answer, dropped and asked for again")
        return None

    def keep(self, key: str, model: str, request: str, call: Call, seconds: float) -> None:
        """Keep a call. request: messages and settings as JSON."""
        tokens = (call.prompt_tokens, call.completion_tokens, int(call.whole))
        row = [redacted(call.answer), redacted(json.dumps(call.first_tokens)), *tokens]
        self._run(
            "insert or replace into calls values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (key, model, redacted(request), *row, round(seconds, 3), now(), _seal(key, row)),
        )

    def spending(self, command: str) -> dict[str, Any]:
        """Return the counters that `record_spending` kept for a command; empty for a new one."""
        rows = self._run("select counters from spending where command = ?", (command,))
        try:
            return unsealed(parsed(rows[0][0])) if rows else {}
        except (TypeError, ValueError) as error:
            raise self._damaged("what this command has spent is damaged") from error

    def record_spending(self, command: str, counters: Mapping[str, Any]) -> None:
        """Keep what a command has spent so far."""
        text = json.dumps(sealed(counters))
        self._run("insert or replace into spending values (?, ?)", (command, text))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _run(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return the rows that a statement gives. What the disk refuses is raised as it is."""
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in _DAMAGE:
                raise
            raise self._damaged(str(error)) from error

    def _damaged(self, what: str) -> CorruptArtifact:
        return _unreadable(self._file, what)


def damaged_calls(file: Path) -> int:
    """Return how many calls of a file have not the answer that was kept. Changes nothing.

    Raises CorruptArtifact for a file that cannot be read.
    """
    columns = "key, answer, first_tokens, prompt_tokens, completion_tokens, whole, seal"
    try:
        database = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
        database.text_factory = _text
        with closing(database):
            rows = database.execute(f"select {columns} from calls")
            return sum(seal not in (None, _seal(key, row)) for key, *row, seal in rows)
    except sqlite3.DatabaseError as error:
        raise _unreadable(file, str(error)) from error


def _unreadable(file: Path, what: str) -> CorruptArtifact:
    return CorruptArtifact(
        f"{file} cannot be read ({what}). Move it away; its calls will be paid for again."
    )


def _text(data: bytes) -> str:
    """Return a text of the database; one that is no UTF-8 any more is told by its seal."""
    return data.decode("utf-8", "surrogateescape")


def _seal(key: str, row: Sequence[Any]) -> str:
    """Return the XXH3 (128 bits, hex) of a call: its key, and its answer as the columns hold it."""
    text = json.dumps([key, *row], default=repr)
    return xxhash.xxh3_128_hexdigest(text.encode())
