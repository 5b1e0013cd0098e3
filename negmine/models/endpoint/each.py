"""Ask a model about many cases at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol, TypeVar

from negmine.models.endpoint.budget import Budget

T = TypeVar("T")


class Askable(Protocol):
    """What `each` asks: a budget, and connections to close."""

    @property
    def budget(self) -> Budget:
        """What may be spent."""

    async def close(self) -> None:
        """Close the connections."""


async def each(
    cases: Iterator[T],
    one: Callable[[T], Awaitable[None]],
    concurrency: int,
    done: Callable[[int], None],
    asked: Askable,
) -> None:
    """Run `one` on all cases, `concurrency` at a time, then close what is asked; raises the first error.

    After an error no further call is sent. Those that are under way are waited for, since they are paid
    for: their answers are kept.
    """
    errors: list[Exception] = []

    async def work() -> None:
        try:
            for case in cases:
                await one(case)
                if errors:
                    return
                done(1)
        except Exception as error:
            errors.append(error)
            asked.budget.close()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work())
    finally:
        await asked.close()
    if errors:
        raise errors[0]
