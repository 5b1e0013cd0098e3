"""Any OpenAI-compatible chat endpoint, through the `openai` client."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from negmine.errors import MissingDependency, NegmineError
from negmine.models.endpoint.client import api_key, import_openai, open_client
from negmine.models.endpoint.insist import Insisting, is_passing
from negmine.scorers.judge.base import REFUSAL, Messages, Reply
from negmine.scorers.judge.role import JUDGE, Role
from negmine.scorers.judge.wire import read

REFUSALS = 10  # prompts that may be refused before the first is answered
NOT_THIS_PROMPT, NOT_FOUND = (400, 413, 422), 404  # statuses of HTTP
TOP = 20  # first tokens told, the most that endpoints give
MOST_BYTES = 1_000_000  # of an answer; the longest that a judge needs has some thousands


class HttpChat:
    """One endpoint and model. The key comes from the environment and is kept nowhere.

    timeout, retries, note: see Insisting. `extra` goes into the body of every call; what is null there is not
    sent. role: what the model is asked for.
    """

    def __init__(
        self,
        url: str,
        model: str,
        timeout: float,
        retries: int,
        extra: dict[str, Any],
        role: Role = JUDGE,
        note: Callable[[str], None] = lambda message: None,
    ) -> None:
        try:
            openai = import_openai()
        except ImportError as error:
            raise MissingDependency(
                f"The {role.name} needs the openai client. Install it: pip install 'negmine[judge]'"
            ) from error
        self._url, self._openai, self._extra, self._role = url, openai, extra, role
        who = f"The {role.name} at {url}"
        self._model = model
        self._insist = Insisting(timeout, retries, f"{role.prefix}-timeout", who, note)
        self._answered, self._refused = False, 0
        self._key = api_key(role.keys)
        self._headers: Any = {} if self._key else {"Authorization": openai.Omit()}
        self._client = open_client(url, self._key, timeout, self._elsewhere, MOST_BYTES)

    async def ask(self, messages: Messages, max_tokens: int, logprobs: bool, attempt: int) -> Reply:
        """Answer (see Chat)."""
        asked: dict[str, Any] = {"top_logprobs": TOP, "logprobs": True} if logprobs else {}
        body = {"max_tokens": max_tokens, "temperature": 0, **asked, **self._extra}
        try:
            wanted = {name: value for name, value in body.items() if value is not None}
            sent = await self._insist(partial(self._send, messages, wanted))
        except self._openai.APIStatusError as error:
            if is_passing(error):
                self._insist.failed = True
                raise self._silent(error) from error
            self._refused += 1
            passable = self._answered or self._refused <= REFUSALS
            if passable and error.status_code in NOT_THIS_PROMPT:
                return Reply("", whole=False, kind=REFUSAL)
            self._insist.failed = True
            role = self._role
            raise role.error(
                f"The {role.name} at {self._url} refuses: {self._insist.words(error)}. "
                f"{_remedy(role, error.status_code)}; calls made so far are kept."
            ) from error
        except (self._openai.OpenAIError, TimeoutError) as error:
            self._insist.failed = True
            raise self._silent(error) from error
        self._answered = True
        return read(sent)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _send(self, messages: Messages, body: dict[str, Any]) -> bytes:
        """Return the body of the answer, unread: it may be anything."""
        response = await self._client.chat.completions.with_raw_response.create(
            model=self._model,
            messages=messages,
            extra_headers=self._headers,
            extra_body=body,
        )
        return bytes(response.content)

    def _silent(self, error: Exception) -> NegmineError:
        return self._role.error(
            f"The {self._role.name} at {self._url} does not answer ({self._insist.words(error)}). Calls made "
            "so far are kept: run the same command again to go on."
        )

    def _elsewhere(self, home: str, target: str) -> NegmineError:
        role = self._role
        return role.error(
            f"The {role.name} at {home} redirects to {target}, and neither the key nor documents go there. If "
            f"that is the {role.name} you want, give its address as {role.prefix}-url."
        )


def _remedy(role: Role, status: int) -> str:
    """Return what to check after an answer of this HTTP status."""
    url, model = f"{role.prefix}-url", f"{role.prefix}-model"
    if status in NOT_THIS_PROMPT:
        limits = f"{role.prefix}-max-tokens, {role.prefix}-extra"
        return f"It has taken no prompt yet: check {model}, {limits}, and your own prompt if you gave one"
    if status == NOT_FOUND:
        return f"Check {url} and {model}"
    return f"Check {role.keys[0]}, {url} and {model}"
