"""The only module that talks to people: progress, errors, tables, the JSON envelope.

stdout is data (a summary, a table, or with `--json` one envelope), stderr is talk.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from rich.console import Console as RichConsole
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from negmine.config.gone import why_gone
from negmine.errors import NegmineError

ENVELOPE = 1
INTERRUPTED = 130
_LOG_EVERY_S = 30.0
_PIPE_WIDTH = 160


class Rate(ProgressColumn):
    """Units per second."""

    def render(self, task: Task) -> Text:
        """Return `812 queries/s`."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} {task.fields['unit']}/s" if speed else "")


class Talk:
    """Progress for one command: a bar on a terminal, plain lines in a log."""

    def __init__(self, quiet: bool = False) -> None:
        self.notes: list[str] = []
        self._quiet = quiet
        self._console = RichConsole(stderr=True, highlight=False, soft_wrap=True)
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._name, self._unit, self._done, self._total = "", "", 0, 0
        self._told = 0.0

    @contextmanager
    def live(self) -> Iterator[None]:
        """Show a progress bar while the block runs, where there is a terminal."""
        if self._quiet or not self._console.is_terminal:
            yield
            return
        columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), Rate())
        self._bar = RichProgress(
            *columns, TimeRemainingColumn(), console=self._console, transient=True
        )
        with self._bar:
            yield

    def begin(self, artifact: str) -> None:
        """Say that an artifact is being made from now on."""
        self._name, self._done, self._total, self._told = artifact, 0, 0, time.monotonic()
        if self._bar is not None:
            self._task = self._bar.add_task(artifact, total=None, unit="rows")

    def total(self, count: int, unit: str) -> None:
        """Say how many units there are to do."""
        self._total, self._unit, self._done = count, unit, 0
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=count, completed=0, unit=unit)

    def advance(self, count: int) -> None:
        """Say that `count` more units are done."""
        self._done += count
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, count)
        elif time.monotonic() - self._told > _LOG_EVERY_S:
            self._told = time.monotonic()
            of = f" of {self._total:,}" if self._total else ""
            self._say(f"{self._name}: {self._done:,}{of} {self._unit}".rstrip())

    def note(self, message: str) -> None:
        """Say something once that the user should know."""
        self.notes.append(message)
        self._say(f"note: {message}")

    def end(self, artifact: str, outcome: str, rows: int, seconds: float) -> None:
        """Say that an artifact is `made` or was `fresh`."""
        if self._bar is not None and self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
        if outcome == "fresh":
            self._say(f"{artifact} is up to date ({rows:,} rows)")
        else:
            self._say(f"{artifact}: {rows:,} rows in {seconds:.1f} s")

    def _say(self, line: str) -> None:
        if not self._quiet:
            self._console.print(line, markup=False)


@contextmanager
def telling(command: str, as_json: bool, talk: Talk) -> Iterator[dict[str, Any]]:
    """Run a command; print its errors in one line and leave with the right exit code.

    The block puts what it returns under `data`. Only a NegmineError is printed bare; anything else is
    a bug and keeps its traceback.
    """
    answer: dict[str, Any] = {"data": {}}
    status, code, errors = "done", 0, []
    try:
        with talk.live():
            yield answer
    except NegmineError as error:
        status, code = "failed", error.exit_code
        errors = [{"kind": type(error).__name__, "message": str(error)}]
    except KeyboardInterrupt:
        status, code = "interrupted", INTERRUPTED
        again = shlex.join(["negmine", *sys.argv[1:]])
        message = f"Interrupted. Finished parts are kept; to go on, run again: {again}"
        errors = [{"kind": "Interrupted", "message": message}]
    if as_json:
        _envelope(command, status, code, answer["data"], talk.notes, errors)
    for told in errors:
        sys.stderr.write(f"{'' if status == 'interrupted' else 'error: '}{told['message']}\n")
    if code:
        sys.exit(code)


def _envelope(
    command: str, status: str, code: int, data: Any, notes: list[str], errors: list[dict[str, str]]
) -> None:
    envelope = {
        "envelope": ENVELOPE,
        "command": command,
        "status": status,
        "exit_code": code,
        "data": data,
        "notes": notes,
        "errors": errors,
    }
    sys.stdout.write(json.dumps(envelope, default=plain, ensure_ascii=False, indent=2) + "\n")


def tell_usage(error: Any, as_json: bool) -> int:
    """Tell what Typer does not understand of a command line; return the exit code."""
    error.message = error.message.replace("Value error, ", "")  # pydantic's, not the user's
    if (gone := why_gone(getattr(error, "option_name", None) or "")) is not None:
        error.message, error.possibilities = gone, []
    context = getattr(error, "ctx", None)
    if as_json:
        command = context.info_name if context is not None else ""
        errors = [{"kind": "SettingsError", "message": error.format_message()}]
        _envelope(command, "failed", error.exit_code, {}, [], errors)
    error.show()
    return int(error.exit_code)


def plain(value: Any) -> Any:
    """Turn paths and dataclasses into what JSON knows."""
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def out() -> RichConsole:
    """Return the console for data meant for people: as wide as the terminal, or COLUMNS; 160 in a pipe."""
    known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()  # rich reads both
    return RichConsole(highlight=False, width=None if known else _PIPE_WIDTH)
