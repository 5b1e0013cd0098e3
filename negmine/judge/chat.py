"""Any OpenAI-compatible chat endpoint, through the `openai` client, which also waits and tries again."""

from __future__ import annotations

import os
from typing import Any

from negmine.errors import JudgeError, MissingDependency
from negmine.judge import Messages, Reply

KEYS = ("NEGMINE_JUDGE_KEY", "OPENAI_API_KEY")
REFUSALS = 10  # prompts that may be refused before the first is answered
TOP = 20  # first tokens told, the most that endpoints give


class HttpChat:
    """One endpoint and model. The key comes from the environment and is kept nowhere.

    429, 5xx, time-outs and cut connections are tried again, with growing, jittered pauses.
    """

    def __init__(self, url: str, model: str, timeout: float, retries: int) -> None:
        try:
            import openai
        except ImportError as error:
            raise MissingDependency(
                "The judge needs the openai client. Install it: pip install 'negmine[judge]'"
            ) from error
        self._url, self._model, self._openai = url, model, openai
        self._answered, self._refused = False, 0
        key = next((os.environ[name] for name in KEYS if os.environ.get(name)), "")
        self._headers: Any = {} if key else {"Authorization": openai.Omit()}  # no key, no header
        self._client: Any = openai.AsyncOpenAI(
            base_url=url, api_key=key or "none", timeout=timeout, max_retries=retries
        )

    async def ask(self, messages: Messages, max_tokens: int, logprobs: bool, attempt: int) -> Reply:
        """Answer (see Chat)."""
        asked: dict[str, Any] = {"top_logprobs": TOP, "logprobs": True} if logprobs else {}
        try:
            answer = await self._client.chat.completions.create(
                model=self._model,
                messages=messages,
                max_tokens=max_tokens,
                temperature=0,
                extra_headers=self._headers,
                **asked,
            )
        except self._openai.APIStatusError as error:
            self._refused += 1
            passable = self._answered or self._refused <= REFUSALS
            if passable and error.status_code in (400, 413, 422):
                return Reply("", whole=False)  # this prompt is not liked: an abstention
            raise JudgeError(f"The judge at {self._url} refuses: {_said(error)}") from error
        except self._openai.OpenAIError as error:
            raise JudgeError(
                f"The judge at {self._url} does not answer ({_said(error)}). Calls made so far are kept: "
                "run the same command again to go on."
            ) from error
        self._answered = True
        return _reply(answer)


def _reply(answer: Any) -> Reply:
    """Read what a server sent, which may be any JSON at all."""
    choices = getattr(answer, "choices", None) or []
    if not choices or getattr(choices[0], "message", None) is None:
        return Reply("", whole=False)
    choice, usage = choices[0], getattr(answer, "usage", None)
    told = getattr(getattr(choice, "logprobs", None), "content", None) or []
    first = getattr(told[0], "top_logprobs", None) or [] if told else []
    return Reply(
        str(choice.message.content or ""),
        tuple((str(t.token), float(t.logprob)) for t in first),
        int(getattr(usage, "prompt_tokens", 0) or 0),
        int(getattr(usage, "completion_tokens", 0) or 0),
        choice.finish_reason != "length",
    )


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
