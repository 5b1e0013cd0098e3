"""Is this judge any good? Known positives against documents that are surely not relevant.

A poor judge cost UniME-V2 five points, and BatchPrompt shows that votes do not rescue a weak one; so it
is measured before it is believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from negmine.scorers.judge.base import ABSTAINED, NOT_RELEVANT, RELEVANT, Chat
from negmine.scorers.judge.rounds import Rules, Slot
from negmine.scorers.judge.session import judge_one, tiers

POSITIVE, RANDOM, JUDGED_NEGATIVE = "positive", "random", "judged_negative"


@dataclass(frozen=True)
class Trial:
    """One query of the sample: documents, and what is known of each."""

    query_id: str
    query: str
    documents: Sequence[str]
    kinds: Sequence[str]


@dataclass
class Tally:
    """What the judge said in all trials."""

    verdicts: list[tuple[str, str]] = field(default_factory=list)  # kind, verdict
    flagged: list[tuple[str, bool]] = field(default_factory=list)  # kind, by the first judge
    agreed: list[bool] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)

    def shares(self) -> dict[str, float | int | None]:
        """Return the numbers of `judge-check`; None where there is nothing to measure.

        sensitivity: positives called relevant; with a first judge, by both. sensitivity_first: positives
        that the first judge flags. specificity: random documents and judged negatives called not
        relevant. abstained: of all. agreement: of the documents with two answers or more, those whose
        answers were all the same. position_bias: share of yes in the first half of prompts less that in
        the second; documents are permuted, so a judge that reads has about 0.
        """
        positives = [verdict for kind, verdict in self.verdicts if kind == POSITIVE]
        others = [verdict for kind, verdict in self.verdicts if kind != POSITIVE]
        judged = [verdict for kind, verdict in self.verdicts if kind == JUDGED_NEGATIVE]
        answered = [slot for slot in self.slots if slot.answer is not None]
        early = [float(bool(s.answer)) for s in answered if s.position < 0.5]
        late = [float(bool(s.answer)) for s in answered if s.position > 0.5]
        return {
            "positives": len(positives),
            "sensitivity": _share(positives, RELEVANT),
            "sensitivity_first": _share([f for kind, f in self.flagged if kind == POSITIVE], True),
            "negatives": len(others),
            "specificity": _share(others, NOT_RELEVANT),
            "specificity_judged_negatives": _share(judged, NOT_RELEVANT),
            "abstained": _share([verdict for _, verdict in self.verdicts], ABSTAINED),
            "agreement": round(float(np.mean(self.agreed)), 4) if self.agreed else None,
            "position_bias": (
                round(float(np.mean(early) - np.mean(late)), 4) if early and late else None
            ),
        }

    def hear(self, slots: Sequence[Slot]) -> None:
        """Count the answers of one vote."""
        self.slots += slots
        for place in {slot.place for slot in slots}:
            answers = [s.answer for s in slots if s.place == place and s.answer is not None]
            if len(answers) > 1:
                self.agreed.append(len(set(answers)) == 1)


def _share(verdicts: Sequence[object], wanted: object) -> float | None:
    return round(verdicts.count(wanted) / len(verdicts), 4) if verdicts else None


async def examine(trial: Trial, rules: Rules, chat: Chat, first: Chat | None, tally: Tally) -> None:
    """Put one trial before the judge, as it will be asked later, and count what it says.

    A document about which a call had no answer of any model (rounds 0) does not count.
    """
    if rules.method == "logprob":
        judged = [await judge_one(trial.query, text, rules, chat) for text in trial.documents]
        heard = [
            (kind, one.score) for kind, one in zip(trial.kinds, judged, strict=True) if one.rounds
        ]
        heard_kinds, scores = [kind for kind, _ in heard], [score for _, score in heard]
        verdicts = by_score(heard_kinds, scores, rules.beta)
        tally.verdicts += zip(heard_kinds, verdicts, strict=True)
        return
    for start in range(0, len(trial.documents), rules.batch):
        texts = trial.documents[start : start + rules.batch]
        kinds = trial.kinds[start : start + rules.batch]
        held: list[list[Slot]] = []
        seed = f"check\0{trial.query_id}\0{start}"
        judgments, flagged = await tiers(seed, trial.query, texts, rules, chat, first, held)
        for slots in held:
            tally.hear(slots)
        tally.verdicts += [
            (kind, one.verdict) for kind, one in zip(kinds, judgments, strict=True) if one.rounds
        ]
        if first is not None:
            tally.flagged += [(kind, place in flagged) for place, kind in enumerate(kinds)]


def by_score(kinds: Sequence[str], scores: Sequence[float | None], beta: float) -> list[str]:
    """Return verdicts as the rule of `logprob` sees them: scores count against each other only.

    A positive is found relevant above the median of the other documents (one of which may be relevant
    after all); another document is found not relevant at or below alpha, the lowest positive's score
    less beta.
    """
    positive_scores = [score for kind, score in zip(kinds, scores, strict=True) if kind == POSITIVE]
    others = [
        s for kind, s in zip(kinds, scores, strict=True) if kind != POSITIVE and s is not None
    ]
    middle = float(np.median(others)) if others else -np.inf
    known = [score for score in positive_scores if score is not None]
    alpha = min(known) - beta if known and len(known) == len(positive_scores) else None

    def verdict(kind: str, score: float | None) -> str:
        if score is None or alpha is None:
            return ABSTAINED
        limit = middle if kind == POSITIVE else alpha
        return RELEVANT if score > limit else NOT_RELEVANT

    return [verdict(kind, score) for kind, score in zip(kinds, scores, strict=True)]
