"""How far a command is: a bar on a terminal, plain lines in a log. Both go to stderr."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

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

from negmine.cli.render.text import printable
from negmine.cli.safe import SafeConsole
from negmine.config.naming import counted
from negmine.data.steering import bounded

_LOG_EVERY_S = 30.0


class Rate(ProgressColumn):
    """Units per second."""

    def render(self, task: Task) -> Text:
        """Return `812 queries/s`."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} {task.fields['unit']}/s" if speed else "")


class TerminalProgress:
    """Shows the progress of one command and keeps its notes.

    quiet: show nothing; the notes are kept for the JSON envelope.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.notes: list[str] = []
        self._quiet = quiet
        self._console = SafeConsole(stderr=True, highlight=False, soft_wrap=True)
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._name, self._unit, self._done, self._total = "", "", 0, 0
        self._shown_at = 0.0

    @contextmanager
    def live(self) -> Iterator[None]:
        """Show a bar while the block runs, where stderr is a terminal; afterwards it is gone."""
        if self._quiet or not self._console.is_terminal:
            yield
            return
        columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), Rate())
        self._bar = RichProgress(
            *columns, TimeRemainingColumn(), console=self._console, transient=True,
            redirect_stdout=False,
        )  # fmt: skip
        with self._bar:
            yield
        self._bar = self._task = None

    def begin(self, artifact: str) -> None:
        """Say that an artifact is being made from now on."""
        self._name, self._done, self._total, self._shown_at = artifact, 0, 0, time.monotonic()
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
        elif time.monotonic() - self._shown_at > _LOG_EVERY_S:
            self._shown_at = time.monotonic()
            of = f" of {self._total:,}" if self._total else ""
            self._write(f"{self._name}: {self._done:,}{of} {self._unit}".rstrip())

    def note(self, message: str) -> None:
        """Say something once that the user should know."""
        self.notes.append(message)
        self._write(f"note: {message}")

    def end(self, artifact: str, outcome: str, rows: int, seconds: float) -> None:
        """Say that an artifact is `made`, `partial` or was `fresh`."""
        if self._bar is not None and self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
        if outcome == "fresh":
            self._write(f"{artifact} is up to date ({counted(rows, 'rows')})")
        else:
            left = ", partial: negmine status says what is left" if outcome == "partial" else ""
            self._write(f"{artifact}: {counted(rows, 'rows')} in {seconds:.1f} s{left}")

    def _write(self, line: str) -> None:
        if not self._quiet:
            self._console.print(printable(bounded(line)), markup=False)
