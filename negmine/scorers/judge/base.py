"""The LLM judge: asks a chat model whether documents answer a query, and fails closed.

prompts.py words, chat.py talks, wire.py reads what a server sent, answers.py and from_json.py what the model
wrote, recorded.py remembers, budget.py counts what may be spent, votes.py and rounds.py vote, session.py
runs a query through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

RELEVANT, NOT_RELEVANT, ABSTAINED = "relevant", "not_relevant", "abstained"
ANSWER, REFUSAL, NOTHING = "answer", "refusal", "nothing"

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Reply:
    """What a chat model answered.

    first_tokens: the most likely first tokens with their log-probabilities, where they were asked for.
    whole: the answer ended by itself, and was not cut off.
    kind: `answer`, whatever it is worth; `refusal` of this one prompt; `nothing` that a model said,
    such as the page of a proxy. Only answers are remembered.
    """

    text: str
    first_tokens: tuple[tuple[str, float], ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    whole: bool = True
    kind: str = ANSWER


@dataclass(frozen=True)
class Judgment:
    """What the judge says of one candidate: a score in [0, 1] where it has one, and a verdict.

    rounds: how often it was asked; 0 for an abstention only because the judge could not be heard, which
    is to be asked again.
    """

    score: float | None
    verdict: str
    rounds: int


class Chat(Protocol):
    """Answers messages, at temperature 0."""

    async def ask(self, messages: Messages, max_tokens: int, logprobs: bool, attempt: int) -> Reply:
        """Answer. `attempt` tells repeated questions apart. Raises JudgeError where nobody answers."""
        ...

    async def close(self) -> None:
        """Close what is open. Nothing is asked afterwards."""
        ...
