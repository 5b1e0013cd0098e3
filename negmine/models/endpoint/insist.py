"""Calls to an endpoint that are tried again, as long as the trouble may pass."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from negmine.config.secrets import redacted
from negmine.data.steering import plain
from negmine.errors import NegmineError
from negmine.models.endpoint.client import import_openai, why_unreached

PAUSE, LONGEST_PAUSE = 0.5, 8.0  # seconds: the first, and the longest of those that grow
LONGEST_TOLD = 60.0  # seconds that a server may ask for
_LONGEST_WORDS = 200  # characters of what an error says

QUIET_TRIES = 2  # of a call, that fail before the user is told

Send = Callable[[], Awaitable[bytes]]


class Insisting:
    """Sends calls to one endpoint, each again where the trouble may pass.

    429, 5xx, calls that last longer than `timeout` seconds and cut connections are tried again, `retries`
    times, with growing, jittered pauses, or after the pause that the server asks for. timeout_flag: sets the
    timeout. who: the endpoint, as `note` names it, once, when a call has failed twice. failed: a call has
    failed for good; then none is tried again.
    """

    def __init__(
        self, timeout: float, retries: int, timeout_flag: str, who: str, note: Callable[[str], None]
    ) -> None:
        self._timeout, self._retries, self._flag = timeout, retries, timeout_flag
        self._who, self._note, self._told = who, note, False
        self._openai = import_openai()
        self.failed = False

    async def __call__(self, send: Send) -> bytes:
        """Return what the endpoint sent; passing trouble is raised only after the last retry.

        An error of ours that is the cause of the client's, as a redirect elsewhere, is raised in its place.
        """
        for retry in range(self._retries + 1):
            try:
                async with asyncio.timeout(self._timeout):
                    return await send()
            except (self._openai.APIError, TimeoutError) as error:
                if isinstance(error.__cause__, NegmineError):
                    raise error.__cause__ from None
                if retry == self._retries or self.failed or not is_passing(error):
                    raise
                self._tell(retry + 1, error)
                await asyncio.sleep(pause(retry, error))
                if self.failed:
                    raise
        raise AssertionError("the last try returns or raises")

    def _tell(self, failures: int, error: Exception) -> None:
        if failures >= QUIET_TRIES and not self._told:
            self._told = True
            self._note(
                f"{self._who} does not answer ({self.words(error)}). Each call is tried again, up to "
                f"{self._retries} times, with growing pauses"
            )

    def words(self, error: Exception) -> str:
        """Return an error in few words, without the key and what steers a terminal: a server may send both."""
        text = plain(redacted(" ".join(str(error).split())))
        if isinstance(error, self._openai.APIConnectionError):
            text = why_unreached(error) or text
        if isinstance(error, TimeoutError | self._openai.APITimeoutError):
            text = f"no whole answer within {self._flag} {self._timeout:g} s"
        return text[:_LONGEST_WORDS] or type(error).__name__


def is_passing(error: Exception) -> bool:
    """Tell trouble that may pass: 408, 409, 429, 5xx, no connection, no answer in time."""
    status = getattr(error, "status_code", None)
    return status is None or status in (408, 409, 429) or status >= 500


def pause(retry: int, error: Any) -> float:
    """Return how many seconds to wait: what the server asks for, else growing, with jitter."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if 0 < seconds <= LONGEST_TOLD:
            return seconds
    grown: float = min(PAUSE * 2.0**retry, LONGEST_PAUSE)
    return grown * random.uniform(0.75, 1.25)
