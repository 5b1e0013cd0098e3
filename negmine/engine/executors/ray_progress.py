"""How far parts are on other machines: workers add to a board, and the driver takes from it."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from negmine.engine.progress import Progress, TaskNotes

EVERY_S = 1.0  # seconds between two reports of a worker, and between two looks of the driver


class Board:
    """Counts of units by attempt, since they were taken last: an actor on the driver's node."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, attempt: str, count: int) -> None:
        """Add units that an attempt has done."""
        self._counts[attempt] += count

    def take(self) -> dict[str, int]:
        """Return the counts since the last call."""
        taken, self._counts = dict(self._counts), Counter()
        return taken


class Relay(TaskNotes):
    """Progress of a worker: keeps notes, and tells the board what is done, once a second at most."""

    def __init__(self, board: Any) -> None:
        super().__init__()
        self._board, self._attempt, self._count, self._told_at = board, "", 0, 0.0

    def attempt(self, name: str) -> None:
        """Count for this attempt from now on."""
        self._attempt, self._count, self._told_at = name, 0, time.monotonic()

    def advance(self, count: int) -> None:
        """Count units; tell the board after a while."""
        self._count += count
        if time.monotonic() - self._told_at >= EVERY_S:
            self._tell()

    def finish(self) -> None:
        """Tell the board the rest, and wait until it is there: before the part's result is."""
        if self._count:
            import ray

            ray.get(self._tell())

    def _tell(self) -> Any:
        told = self._board.add.remote(self._attempt, self._count)
        self._count, self._told_at = 0, time.monotonic()
        return told


class Shown:
    """What the driver has shown of each attempt, so that what a lost one did can be taken back."""

    def __init__(self, board: Any, progress: Progress) -> None:
        self._board, self._progress = board, progress
        self._by_attempt: Counter[str] = Counter()
        self._lost: set[str] = set()
        self._looked_at = 0.0

    def look(self, now: bool = False) -> None:
        """Show what workers have told; no oftener than they tell it, unless `now`."""
        import ray

        if not now and time.monotonic() - self._looked_at < EVERY_S:
            return
        self._looked_at = time.monotonic()
        for attempt, count in ray.get(self._board.take.remote()).items():
            if attempt not in self._lost:
                self._by_attempt[attempt] += count
                self._progress.advance(count)

    def take_back(self, attempt: str) -> None:
        """Take back what an attempt did that is lost: the part is made again from its beginning."""
        self._lost.add(attempt)
        if count := self._by_attempt.pop(attempt, 0):
            self._progress.advance(-count)
