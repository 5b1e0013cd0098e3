"""One batch of documents before a judge: permuted rounds, as many as it takes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from negmine.scorers.judge.answers import answers
from negmine.scorers.judge.base import ABSTAINED, NOTHING, Chat, Judgment
from negmine.scorers.judge.prompts import TOKENS_PER_LINE, ask_about, ids_of
from negmine.scorers.judge.votes import Round, add, count, open_still

AGAIN = 1  # rounds that are held once more, for documents that got no answer in one


@dataclass(frozen=True)
class Rules:
    """How the judge is asked: the settings of the same names, without `judge_`."""

    method: str
    prompt: str
    batch: int
    rounds: int
    beta: float
    weighted: bool
    wanted: int | None  # negatives that are enough; None asks about every candidate
    max_tokens: int | None = None  # of an answer; None: as many as its lines need

    def answer_tokens(self, documents: int) -> int:
        """Return how many tokens an answer about so many documents may have."""
        needed = TOKENS_PER_LINE * documents + 16 if self.method == "verdict" else 1
        return self.max_tokens or needed


class Slot(NamedTuple):
    """One document in one prompt: its place in the batch, where it stood (0 first, 1 last), the answer."""

    place: int
    position: float
    answer: bool | None


async def vote(
    seed: str,
    query: str,
    texts: Sequence[str],
    rules: Rules,
    chat: Chat,
    slots: list[Slot] | None = None,
) -> list[Judgment]:
    """Return the judgments of one batch: permuted rounds, those that are settled leave (SEAS).

    A round that gave no answer about a document is held again for it, once. slots: receives where
    each document stood in each round, and what was answered.
    """
    rounds: list[list[Round]] = [[] for _ in texts]
    unheard: set[int] = set()
    for number in range(rules.rounds + AGAIN):
        places = [n for n, r in enumerate(rounds) if open_still(r, rules.rounds, rules.weighted)]
        if not places:
            break
        _permute(places, f"{seed}\0{number}")
        asked = [texts[place] for place in places]
        messages = ask_about(rules.prompt, query, asked)
        reply = await chat.ask(messages, rules.answer_tokens(len(places)), False, number)
        if reply.kind == NOTHING:
            unheard |= set(places)
        heard = answers(reply, ids_of(query, asked))
        for slot, (place, answer) in enumerate(zip(places, heard, strict=True)):
            add(rounds[place], answer, rules.rounds)
            if slots is not None:
                slots.append(Slot(place, slot / max(len(places) - 1, 1), answer[0]))
    judgments = [count(heard, rules.weighted) for heard in rounds]
    return [to_be_asked(one, place in unheard) for place, one in enumerate(judgments)]


def to_be_asked(judgment: Judgment, unheard: bool) -> Judgment:
    """Return an abstention as still to be asked (rounds 0) where a call had no answer of any model."""
    return replace(judgment, rounds=0) if unheard and judgment.verdict == ABSTAINED else judgment


def _permute(places: list[int], seed: str) -> None:
    number = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=8).digest(), "little")
    random.Random(number).shuffle(places)
