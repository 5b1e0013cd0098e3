"""Is this judge any good? Known positives against documents that are surely not relevant.

A poor judge cost UniME-V2 five points, and BatchPrompt shows that votes do not rescue a weak one; so it
is measured before it is believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from negmine.judge import ABSTAINED, NOT_RELEVANT, RELEVANT, Chat
from negmine.judge.session import Rules, Slot, judge_one, vote

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

    said: list[tuple[str, str]] = field(default_factory=list)  # kind, verdict
    agreed: list[bool] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)

    def shares(self) -> dict[str, float | int | None]:
        """Return the numbers of `judge-check`; None where there is nothing to measure.

        sensitivity: positives called relevant. specificity: random documents and judged negatives
        called not relevant. abstained: of all. agreement: documents whose answers were the same in
        every round. position_bias: share of yes in the first half of prompts less that in the second;
        documents are permuted, so a judge that reads has about 0.
        """
        positives = [verdict for kind, verdict in self.said if kind == POSITIVE]
        others = [verdict for kind, verdict in self.said if kind != POSITIVE]
        judged = [verdict for kind, verdict in self.said if kind == JUDGED_NEGATIVE]
        answered = [slot for slot in self.slots if slot.answer is not None]
        early = [float(bool(s.answer)) for s in answered if s.position < 0.5]
        late = [float(bool(s.answer)) for s in answered if s.position > 0.5]
        return {
            "positives": len(positives),
            "sensitivity": _share(positives, RELEVANT),
            "negatives": len(others),
            "specificity": _share(others, NOT_RELEVANT),
            "specificity_judged_negatives": _share(judged, NOT_RELEVANT),
            "abstained": _share([verdict for _, verdict in self.said], ABSTAINED),
            "agreement": round(float(np.mean(self.agreed)), 4) if self.agreed else None,
            "position_bias": (
                round(float(np.mean(early) - np.mean(late)), 4) if early and late else None
            ),
        }


def _share(verdicts: Sequence[str], wanted: str) -> float | None:
    return round(verdicts.count(wanted) / len(verdicts), 4) if verdicts else None


async def examine(trial: Trial, rules: Rules, chat: Chat, tally: Tally) -> None:
    """Put one trial before the judge, as it will be asked later, and count what it says."""
    if rules.method == "logprob":
        scores = [
            (await judge_one(trial.query, text, rules, chat)).score for text in trial.documents
        ]
        verdicts = by_score(trial.kinds, scores, rules.beta)
    else:
        slots: list[Slot] = []
        seed = f"check\0{trial.query_id}"
        found = await vote(seed, trial.query, trial.documents, rules, chat, slots)
        verdicts = [ABSTAINED if judgment is None else judgment.verdict for judgment in found]
        tally.slots += slots
        for place in range(len(trial.documents)):
            answers = [slot.answer for slot in slots if slot.place == place]
            tally.agreed.append(len(set(answers)) == 1)
    tally.said += zip(trial.kinds, verdicts, strict=True)


def by_score(kinds: Sequence[str], scores: Sequence[float | None], beta: float) -> list[str]:
    """Return verdicts as the rule of `logprob` sees them: scores count against each other only.

    A positive is found relevant above the median of the other documents (one of which may be relevant
    after all); another document is found not relevant at or below alpha, the lowest positive's score
    less beta.
    """
    known = [score for kind, score in zip(kinds, scores, strict=True) if kind == POSITIVE]
    others = [
        s for kind, s in zip(kinds, scores, strict=True) if kind != POSITIVE and s is not None
    ]
    middle = float(np.median(others)) if others else -np.inf
    alpha = None if None in known else min(s for s in known if s is not None) - beta

    def verdict(kind: str, score: float | None) -> str:
        if score is None or alpha is None:
            return ABSTAINED
        limit = middle if kind == POSITIVE else alpha
        return RELEVANT if score > limit else NOT_RELEVANT

    return [verdict(kind, score) for kind, score in zip(kinds, scores, strict=True)]
