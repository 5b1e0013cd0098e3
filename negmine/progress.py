"""How long work reports how far it is: a protocol, so that no stage knows about consoles."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives what happens while artifacts are made."""

    def begin(self, artifact: str) -> None:
        """Say that an artifact is being made from now on."""

    def total(self, count: int, unit: str) -> None:
        """Say how many units (`documents`, `queries`, `parts`) there are to do."""

    def advance(self, count: int) -> None:
        """Say that `count` more units are done."""

    def note(self, message: str) -> None:
        """Say something once that the user should know, such as what was skipped and why."""

    def end(self, artifact: str, outcome: str, rows: int, seconds: float) -> None:
        """Say that an artifact is `made` or was `fresh`."""


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
