"""One query through the judge: which candidates are asked about, in which prompts, until when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from negmine.models.endpoint.budget import BudgetSpent
from negmine.scorers.judge.answers import yes_probability
from negmine.scorers.judge.base import ABSTAINED, NOT_RELEVANT, NOTHING, RELEVANT, Chat, Judgment
from negmine.scorers.judge.prompts import ask_about
from negmine.scorers.judge.rounds import Rules, Slot, to_be_asked, vote

ATTEMPTS = 2  # of a first token that is neither Yes nor No


@dataclass(frozen=True)
class Case:
    """One query: its text, its positives, and candidates in the order they are asked about."""

    query_id: str
    query: str
    positives: Sequence[str]
    candidates: Sequence[str]


@dataclass
class Outcome:
    """Judgments of the candidates and of the positives, None where nobody was asked.

    cut: the budget was spent before it was done.
    """

    candidates: list[Judgment | None] = field(default_factory=list)
    positives: list[Judgment | None] = field(default_factory=list)
    cut: bool = False


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
        outcome.cut = True
    return outcome


async def judge_pairs(case: Case, rules: Rules, chat: Chat, first: Chat | None = None) -> Outcome:
    """Ask about all candidates of a query, none of which is held against a positive.

    So p(Yes) counts as relevant above a half. Spent budget ends the asking, as in `judge`.
    """
    outcome = Outcome([None] * len(case.candidates))
    try:
        if rules.method == "verdict":
            await _by_vote(case, replace(rules, wanted=None), chat, first, outcome)
        else:
            for place, text in enumerate(case.candidates):
                outcome.candidates[place] = await judge_one(case.query, text, rules, chat)
    except BudgetSpent:
        outcome.cut = True
    return outcome


async def _by_vote(
    case: Case, rules: Rules, chat: Chat, first: Chat | None, outcome: Outcome
) -> None:
    for candidates, positives in batches(len(case.candidates), len(case.positives), rules):
        if _enough(outcome, rules):
            return
        texts = [*case.candidates[candidates], *case.positives[positives]]
        seed = f"{case.query_id}\0{candidates.start}"
        judgments, _ = await tiers(seed, case.query, texts, rules, chat, first)
        asked = candidates.stop - candidates.start
        outcome.candidates[candidates] = judgments[:asked]
        outcome.positives[positives] = judgments[asked:]


def batches(candidates: int, positives: int, rules: Rules) -> Iterator[tuple[slice, slice]]:
    """Yield the candidates and the positives of every prompt, as slices.

    Positives take no prompt of their own. The first one has a place in the first prompt, unless a
    prompt more would have to follow for it; the others come where a prompt has space.
    """
    least = candidates if rules.wanted is None else min(candidates, rules.wanted)
    place = int(positives > 0 and all(count % rules.batch for count in (candidates, least)))
    start = shown = 0
    while start < candidates:
        stop = min(start + rules.batch - (place if start == 0 else 0), candidates)
        space = min(rules.batch - (stop - start), positives - shown)
        yield slice(start, stop), slice(shown, shown + space)
        start, shown = stop, shown + space


async def tiers(
    seed: str,
    query: str,
    texts: Sequence[str],
    rules: Rules,
    chat: Chat,
    first: Chat | None,
    slots: list[list[Slot]] | None = None,
) -> tuple[list[Judgment], list[int]]:
    """Return the judgments of one batch, and the places that a first judge flagged.

    They are of the judge, or of the first judge where it clears and of the judge behind it. slots:
    receives one list for every vote that was held (see vote).
    """
    held: list[list[Slot]] = [] if slots is None else slots
    held.append([])
    judgments = await vote(seed, query, texts, rules, first or chat, held[-1])
    flagged = [] if first is None else [n for n, j in enumerate(judgments) if not cleared(j)]
    if flagged:
        held.append([])
        asked = [texts[n] for n in flagged]
        again = await vote(seed, query, asked, rules, chat, held[-1])
        for place, judgment in zip(flagged, again, strict=True):
            judgments[place] = judgment
    return judgments, flagged


def cleared(judgment: Judgment | None) -> bool:
    """Tell whether a judge called a document not relevant."""
    return judgment is not None and judgment.verdict == NOT_RELEVANT


async def _by_first_token(case: Case, rules: Rules, chat: Chat, outcome: Outcome) -> None:
    """Judge against alpha, the positives' lowest score less beta; without it nobody is asked further."""
    alpha: float | None = None
    for place, text in enumerate(case.positives):
        judgment = await judge_one(case.query, text, rules, chat)
        outcome.positives[place] = judgment
        if judgment.score is None:
            outcome.candidates[:] = [judgment] * len(case.candidates)
            return
        limit = judgment.score - rules.beta
        alpha = limit if alpha is None else min(alpha, limit)
    for place, text in enumerate(case.candidates):
        if _enough(outcome, rules):
            return
        judgment = await judge_one(case.query, text, rules, chat)
        outcome.candidates[place] = _against(judgment, alpha)


async def judge_one(query: str, text: str, rules: Rules, chat: Chat) -> Judgment:
    """Return p(Yes) of one pair, relevant above a half; an abstention where there is none."""
    unheard = False
    for attempt in range(ATTEMPTS):
        messages = ask_about(rules.prompt, query, [text])
        reply = await chat.ask(messages, rules.answer_tokens(1), True, attempt)
        unheard |= reply.kind == NOTHING
        score = yes_probability(reply)
        if score is not None:
            return Judgment(score, RELEVANT if score > 0.5 else NOT_RELEVANT, attempt + 1)
    return to_be_asked(Judgment(None, ABSTAINED, ATTEMPTS), unheard)


def _against(judgment: Judgment, alpha: float | None) -> Judgment:
    if judgment.score is None or alpha is None:
        return Judgment(judgment.score, ABSTAINED, judgment.rounds)
    return Judgment(
        judgment.score, RELEVANT if judgment.score > alpha else NOT_RELEVANT, judgment.rounds
    )


def _enough(outcome: Outcome, rules: Rules) -> bool:
    if rules.wanted is None:
        return False
    return sum(map(cleared, outcome.candidates)) >= rules.wanted
