"""One query through the judge: which candidates are asked about, in which prompts, until when."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from negmine.judge import ABSTAINED, NOT_RELEVANT, RELEVANT, Chat, Judgment
from negmine.judge.prompts import TOKENS_PER_LINE, answers, ask_about, yes_probability
from negmine.judge.replay import BudgetSpent
from negmine.judge.votes import Round, count, settled

ATTEMPTS = 2  # of a first token that is neither Yes nor No


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


@dataclass(frozen=True)
class Case:
    """One query: its text, its positives, and candidates in the order they are asked about."""

    query_id: str
    query: str
    positives: Sequence[str]
    candidates: Sequence[str]


class Slot(NamedTuple):
    """One document in one prompt: its place in the batch, where it stood (0 first, 1 last), the answer."""

    place: int
    position: float
    answer: bool | None


@dataclass
class Outcome:
    """Judgments of the first candidates, None where nobody was asked; and of the positives."""

    candidates: list[Judgment | None] = field(default_factory=list)
    positives: list[Judgment | None] = field(default_factory=list)


async def judge(case: Case, rules: Rules, chat: Chat, first: Chat | None = None) -> Outcome:
    """Ask about a query's candidates, best first, until enough of them are not relevant.

    With a `first` judge, a vote of its own comes before, and only what it flags (calls relevant, or
    cannot tell) is put before the judge itself (RLHN, Thakur et al. 2025). Spent budget ends the asking;
    what was not asked stays None. The prompts depend on the query alone.
    """
    outcome = Outcome([None] * len(case.candidates), [None] * len(case.positives))
    try:
        if rules.method == "verdict":
            await _by_vote(case, rules, chat, first, outcome)
        else:
            await _by_first_token(case, rules, chat, outcome)
    except BudgetSpent:
        pass
    return outcome


async def _by_vote(
    case: Case, rules: Rules, chat: Chat, first: Chat | None, outcome: Outcome
) -> None:
    for start in range(0, len(case.candidates), rules.batch):
        if _enough(outcome, rules):
            return
        texts = case.candidates[start : start + rules.batch]
        seed = f"{case.query_id}\0{start}"
        found = await vote(seed, case.query, texts, rules, first or chat)
        flagged = [] if first is None else [n for n, j in enumerate(found) if not _cleared(j)]
        if flagged:
            again = await vote(seed, case.query, [texts[n] for n in flagged], rules, chat)
            for place, judgment in zip(flagged, again, strict=True):
                found[place] = judgment
        outcome.candidates[start : start + len(texts)] = found


def _cleared(judgment: Judgment | None) -> bool:
    return judgment is not None and judgment.verdict == NOT_RELEVANT


async def vote(
    seed: str,
    query: str,
    texts: Sequence[str],
    rules: Rules,
    chat: Chat,
    slots: list[Slot] | None = None,
) -> list[Judgment | None]:
    """Return the judgments of one batch: permuted rounds, those that are settled leave (SEAS).

    slots: receives where each document stood in each round, and what was answered.
    """
    rounds: list[list[Round]] = [[] for _ in texts]
    for number in range(rules.rounds):
        places = [place for place in range(len(texts)) if not settled(rounds[place])]
        if not places:
            break
        _permute(places, f"{seed}\0{number}")
        messages = ask_about(rules.prompt, query, [texts[place] for place in places])
        reply = await chat.ask(messages, TOKENS_PER_LINE * len(places) + 16, False, number)
        said = answers(reply, len(places))
        for slot, (place, answer) in enumerate(zip(places, said, strict=True)):
            rounds[place].append(answer)
            if slots is not None:
                slots.append(Slot(place, slot / max(len(places) - 1, 1), answer[0]))
    return [count(said, rules.weighted) for said in rounds]


async def _by_first_token(case: Case, rules: Rules, chat: Chat, outcome: Outcome) -> None:
    for place, text in enumerate(case.positives):
        outcome.positives[place] = await judge_one(case.query, text, rules, chat)
    known = [p.score for p in outcome.positives if p is not None and p.score is not None]
    limit = min(known) - rules.beta if len(known) == len(case.positives) and known else None
    for place, text in enumerate(case.candidates):
        if _enough(outcome, rules):
            return
        found = await judge_one(case.query, text, rules, chat)
        outcome.candidates[place] = _against(found, limit)


async def judge_one(query: str, text: str, rules: Rules, chat: Chat) -> Judgment:
    """Return p(Yes) of one pair, relevant above a half; an abstention where there is none."""
    for attempt in range(ATTEMPTS):
        reply = await chat.ask(ask_about(rules.prompt, query, [text]), 1, True, attempt)
        score = yes_probability(reply)
        if score is not None:
            return Judgment(score, RELEVANT if score > 0.5 else NOT_RELEVANT, attempt + 1)
    return Judgment(None, ABSTAINED, ATTEMPTS)


def _against(found: Judgment, limit: float | None) -> Judgment:
    """Relevant above alpha, the positives' lowest score less beta; without alpha nobody can tell."""
    if found.score is None or limit is None:
        return Judgment(found.score, ABSTAINED, found.rounds)
    return Judgment(found.score, RELEVANT if found.score > limit else NOT_RELEVANT, found.rounds)


def _enough(outcome: Outcome, rules: Rules) -> bool:
    if rules.wanted is None:
        return False
    return sum(map(_cleared, outcome.candidates)) >= rules.wanted


def _permute(places: list[int], seed: str) -> None:
    number = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=8).digest(), "little")
    random.Random(number).shuffle(places)
