"""Tasks in this process, side by side in threads where they may."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from negmine.engine.part_task import PartResult, PartTask


class Executor(Protocol):
    """Runs tasks and yields their results, in any order."""

    def __call__(self, tasks: Iterable[PartTask], side_by_side: int) -> Iterator[PartResult]:
        """Run at most `side_by_side` tasks at a time; the first error ends it all."""
        ...


def local(tasks: Iterable[PartTask], side_by_side: int = 1) -> Iterator[PartResult]:
    """Run tasks here, in order; several at a time in threads."""
    if side_by_side == 1:
        for task in tasks:
            yield task()
        return
    waiting: deque[Future[PartResult]] = deque()
    with ThreadPoolExecutor(side_by_side) as pool:
        try:
            for task in tasks:
                waiting.append(pool.submit(task))
                if len(waiting) == side_by_side:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
