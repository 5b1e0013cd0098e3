"""The protocol by which work reports how far it is, so that no stage knows about consoles."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives what happens while artifacts are made."""

    def begin(self, artifact: str) -> None:
        """Report that an artifact is being made from now on."""

    def total(self, count: int, unit: str) -> None:
        """Report how many units (`documents`, `queries`, `parts`) there are to do."""

    def advance(self, count: int) -> None:
        """Report that `count` more units are done."""

    def note(self, message: str) -> None:
        """Report once what the user should know, such as what was skipped and why."""

    def end(self, artifact: str, outcome: str, rows: int, seconds: float) -> None:
        """Report that an artifact is `made`, `partial` (made as far as a model was heard) or was `fresh`."""


class Silent:
    """Reports to nobody."""

    def begin(self, artifact: str) -> None:
        """Ignore it."""

    def total(self, count: int, unit: str) -> None:
        """Ignore it."""

    def advance(self, count: int) -> None:
        """Ignore it."""

    def note(self, message: str) -> None:
        """Ignore it."""

    def end(self, artifact: str, outcome: str, rows: int, seconds: float) -> None:
        """Ignore it."""


class OnlyNotes(Silent):
    """Passes notes on, and nothing else: for work whose progress was reported before."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def note(self, message: str) -> None:
        """Pass a note on."""
        self._progress.note(message)


class Notes(Silent):
    """Keeps notes."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def note(self, message: str) -> None:
        """Keep a note."""
        self.messages.append(message)


class TaskNotes(Notes):
    """Keeps notes, for a task in another process to hand back with its result."""

    def take(self) -> tuple[str, ...]:
        """Return the notes since the last call."""
        taken, self.messages = tuple(self.messages), []
        return taken
