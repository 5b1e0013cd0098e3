"""Votes over rounds: BatchPrompt (Lin et al. 2024), with its early stop SEAS done as it is described.

A round is (answer, confident); answer None stands for a round without a usable answer, which is no
vote. Its released code compares labels only and matches answers by order; here both confidences count,
and answers come by id (prompts.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from negmine.judge import ABSTAINED, NOT_RELEVANT, RELEVANT, Judgment

Round = tuple[bool | None, bool]
UNSURE = 0.2  # weight of an answer without confidence


def settled(rounds: Sequence[Round]) -> bool:
    """Tell whether the last two answers are equal and both confident (SEAS)."""
    if len(rounds) < 2:
        return False
    (before, sure_before), (last, sure) = rounds[-2:]
    return last is not None and last == before and sure_before and sure


def weights(rounds: Sequence[Round], weighted: bool) -> tuple[float, float]:
    """Return the weight of yes and of no: one a vote, or 0.2 for one without confidence."""
    yes = no = 0.0
    for answer, confident in rounds:
        weight = 1.0 if confident or not weighted else UNSURE
        yes += weight if answer is True else 0.0
        no += weight if answer is False else 0.0
    return yes, no


def count(rounds: Sequence[Round], weighted: bool) -> Judgment:
    """Return the judgment: the share of yes, and the verdict of the majority.

    A tie, or no vote at all, is an abstention: it is never "not relevant".
    """
    yes, no = weights(rounds, weighted)
    if yes == no:
        return Judgment(0.5 if yes else None, ABSTAINED, len(rounds))
    return Judgment(yes / (yes + no), RELEVANT if yes > no else NOT_RELEVANT, len(rounds))
