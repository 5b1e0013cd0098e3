"""A judge behind the call cache and a budget: what was asked before is answered from the cache.

Refusals, and what no model said, are not kept: they would stand in the way when the trouble is over.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable

from negmine.models.endpoint.budget import Budget, guess_tokens
from negmine.scorers.judge.answers import readable
from negmine.scorers.judge.base import ANSWER, NOTHING, Chat, Messages, Reply
from negmine.storage.calls import Call, Calls


class Recorded:
    """A chat with a cache and a budget. With `again`, cached answers that cannot be read are asked anew.

    answers, unreadable: answers given so far, and those that cannot be read. first_unreadable: the text of
    the first of them. can_read: tells of an answer, and whether first tokens were asked for, if it can be read.
    """

    def __init__(
        self,
        chat: Chat,
        model: str,
        calls: Calls,
        budget: Budget,
        again: bool = False,
        can_read: Callable[[Reply, bool], bool] = readable,
    ) -> None:
        self._chat, self._model, self._calls, self._readable = chat, model, calls, can_read
        self.budget, self._again = budget, again
        self.answers, self.unreadable, self.first_unreadable = 0, 0, ""

    async def ask(self, messages: Messages, max_tokens: int, logprobs: bool, attempt: int) -> Reply:
        """Answer from the cache, else ask and keep the answer (see Chat). Raises BudgetSpent."""
        request = json.dumps(
            {
                "messages": messages,
                "max_tokens": max_tokens,
                "logprobs": logprobs,
                "attempt": attempt,
            },
            ensure_ascii=False,
        )
        key = hashlib.sha256(f"{self._model}\0{request}".encode()).hexdigest()
        cached = self._find(key)
        if cached is not None and (self._readable(cached, logprobs) or not self._again):
            self.budget.replayed += 1
            return self._counted(cached, logprobs)
        prompt = sum(guess_tokens(message["content"]) for message in messages)
        await self.budget.reserve(prompt + max_tokens)
        used, guessed = prompt, False
        start = time.perf_counter()
        try:
            reply = await self._chat.ask(messages, max_tokens, logprobs, attempt)
            guessed = reply.kind == ANSWER and not reply.prompt_tokens
            answer = reply.completion_tokens or guess_tokens(reply.text)
            used = (reply.prompt_tokens or prompt) + answer
        finally:
            self.budget.settle(prompt + max_tokens, used, guessed)
        self.budget.unheard += reply.kind == NOTHING
        if reply.kind == ANSWER:
            tokens = (reply.prompt_tokens, reply.completion_tokens)
            call = Call(reply.text, reply.first_tokens, *tokens, reply.whole)
            self._calls.keep(key, self._model, request, call, time.perf_counter() - start)
        return self._counted(reply, logprobs)

    async def close(self) -> None:
        """Close the connections of the chat."""
        await self._chat.close()

    def _counted(self, reply: Reply, logprobs: bool) -> Reply:
        """Count an answer, and whether it can be read."""
        self.answers += 1
        if not self._readable(reply, logprobs):
            self.unreadable += 1
            self.first_unreadable = self.first_unreadable or reply.text or f"({reply.kind})"
        return reply

    def _find(self, key: str) -> Reply | None:
        call = self._calls.find(key)
        return None if call is None else Reply(*call)
