"""What one command may spend on an endpoint: calls, texts or tokens, counted before they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

_COUNTERS = ("asked", "replayed", "used", "guessed", "unheard", "spent", "refused")
BYTES_A_TOKEN = 4  # of English; only where nobody tells


def guess_tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)


class BudgetSpent(Exception):
    """There is no budget left for this call."""


class Budget:
    """How much may still be spent, and what became of it. Calls from the cache cost nothing.

    calls: where a call has several texts, and texts count, these. counters: what earlier parts of the same
    command have spent.

    A call takes its place before it is sent, with as many tokens as it may come to, and gives back what it
    did not use: calls that run at the same time cannot overshoot together. Once a call does not
    fit, the budget is spent.
    """

    def __init__(
        self,
        calls: int | None = None,
        tokens: int | None = None,
        counters: Mapping[str, Any] | None = None,
    ) -> None:
        self.calls, self.tokens = calls, tokens
        self.asked = self.replayed = self.used = self.guessed = self.unheard = 0
        self.spent = False
        self.refused = 0  # tokens of the call that did not fit
        for name, value in (counters or {}).items():
            setattr(self, name, value)
        self.closed = False  # no call is sent any more, because one has failed for good
        self._flying = self._reserved = 0
        self._waiting: list[asyncio.Future[None]] = []

    def counters(self) -> dict[str, Any]:
        """Return what a later part of the same command goes on with."""
        return {name: getattr(self, name) for name in _COUNTERS}

    async def reserve(self, tokens: int, calls: int = 1) -> None:
        """Take the place of a call (or of so many) that may cost `tokens`. Raises BudgetSpent without one.

        While calls are under way that may give something back, it waits for them.
        """
        while not self.closed and not self.spent and not self._fits(tokens, calls):
            if not self._flying or self._calls_are_gone(calls):
                self.spent, self.refused = True, tokens
                self._wake()
                break
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        if self.spent or self.closed:
            raise BudgetSpent
        self.asked += calls
        self._flying += 1
        self._reserved += tokens

    def settle(self, reserved: int, used: int, guessed: bool) -> None:
        """Put what a call has used in place of what it reserved."""
        self._flying -= 1
        self._reserved -= reserved
        self.used += used
        self.guessed += guessed
        self._wake()

    def close(self) -> None:
        """Let no further call be sent."""
        self.closed = True
        self._wake()

    def _fits(self, tokens: int, calls: int) -> bool:
        if self._calls_are_gone(calls):
            return False
        return self.tokens is None or self.used + self._reserved + tokens <= self.tokens

    def _calls_are_gone(self, calls: int) -> bool:
        return self.calls is not None and self.asked + calls > self.calls

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting = []
