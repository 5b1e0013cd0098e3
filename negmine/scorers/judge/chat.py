"""Any OpenAI-compatible chat endpoint, through the `openai` client."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from negmine.config.secrets import redacted
from negmine.errors import JudgeError, MissingDependency
from negmine.scorers.judge.base import REFUSAL, Messages, Reply
from negmine.scorers.judge.client import api_key, import_openai, open_client, why_unreached
from negmine.scorers.judge.wire import read

REFUSALS = 10  # prompts that may be refused before the first is answered
NOT_THIS_PROMPT = (400, 413, 422)
TOP = 20  # first tokens told, the most that endpoints give
PAUSE, LONGEST_PAUSE, LONGEST_TOLD = (
    0.5,
    8.0,
    60.0,
)  # seconds: first, grown, asked for by the server


class HttpChat:
    """One endpoint and model. The key comes from the environment and is kept nowhere.

    429, 5xx, calls that last longer than `timeout` and cut connections are tried again, `retries` times,
    with growing, jittered pauses. `extra` goes into the body of every call; what is null there is not sent.
    """

    def __init__(
        self, url: str, model: str, timeout: float, retries: int, extra: dict[str, Any]
    ) -> None:
        try:
            openai = import_openai()
        except ImportError as error:
            raise MissingDependency(
                "The judge needs the openai client. Install it: pip install 'negmine[judge]'"
            ) from error
        self._url, self._openai, self._extra = url, openai, extra
        self._model, self._timeout, self._retries = model, timeout, retries
        self._answered, self._refused, self._failed = False, 0, False
        self._key = api_key()
        self._headers: Any = {} if self._key else {"Authorization": openai.Omit()}
        self._client = open_client(url, self._key, timeout)

    async def ask(self, messages: Messages, max_tokens: int, logprobs: bool, attempt: int) -> Reply:
        """Answer (see Chat)."""
        asked: dict[str, Any] = {"top_logprobs": TOP, "logprobs": True} if logprobs else {}
        body = {"max_tokens": max_tokens, "temperature": 0, **asked, **self._extra}
        try:
            sent = await self._insist(messages, {k: v for k, v in body.items() if v is not None})
        except self._openai.APIStatusError as error:
            if _is_passing(error):
                self._failed = True
                raise self._silent(error) from error
            self._refused += 1
            passable = self._answered or self._refused <= REFUSALS
            if passable and error.status_code in NOT_THIS_PROMPT:
                return Reply("", whole=False, kind=REFUSAL)
            self._failed = True
            raise JudgeError(
                f"The judge at {self._url} refuses: {self._said(error)}. Check NEGMINE_JUDGE_KEY, --judge-url "
                "and --judge-model; calls made so far are kept."
            ) from error
        except (self._openai.OpenAIError, TimeoutError) as error:
            self._failed = True
            raise self._silent(error) from error
        self._answered = True
        return read(sent)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _insist(self, messages: Messages, body: dict[str, Any]) -> bytes:
        """Return what the endpoint sent; passing trouble is raised only after the last retry.

        Once another call has failed for good, none is tried again.
        """
        for retry in range(self._retries + 1):
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._send(messages, body)
            except (self._openai.APIError, TimeoutError) as error:
                if isinstance(error.__cause__, JudgeError):
                    raise error.__cause__ from None
                if retry == self._retries or self._failed or not _is_passing(error):
                    raise
                await asyncio.sleep(_pause(retry, error))
                if self._failed:
                    raise
        raise AssertionError("the last try returns or raises")

    async def _send(self, messages: Messages, body: dict[str, Any]) -> bytes:
        """Return the body of the answer, unread: it may be anything."""
        response = await self._client.chat.completions.with_raw_response.create(
            model=self._model,
            messages=messages,
            extra_headers=self._headers,
            extra_body=body,
        )
        return bytes(response.content)

    def _silent(self, error: Exception) -> JudgeError:
        return JudgeError(
            f"The judge at {self._url} does not answer ({self._said(error)}). Calls made so far are kept: "
            "run the same command again to go on."
        )

    def _said(self, error: Exception) -> str:
        """Return an error in few words, without the key, which a server may have sent back."""
        text = redacted(" ".join(str(error).split()))
        if isinstance(error, self._openai.APIConnectionError):
            text = why_unreached(error) or text
        if isinstance(error, TimeoutError | self._openai.APITimeoutError):
            text = f"no whole answer within --judge-timeout {self._timeout:g} s"
        return text[:200] or type(error).__name__


def _is_passing(error: Exception) -> bool:
    """Tell trouble that may pass: 408, 409, 429, 5xx, no connection, no answer in time."""
    status = getattr(error, "status_code", None)
    return status is None or status in (408, 409, 429) or status >= 500


def _pause(retry: int, error: Exception) -> float:
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
