"""Votes over rounds: BatchPrompt (Lin et al. 2024), with its early stop SEAS done as it is described.

A round is (answer, confident); answer None stands for a round without a usable answer. Its released
code compares labels only and matches answers by order; here both confidences count, and answers come
by id (prompts.py). A round without an answer counts against whoever leads: one vote of five is no
majority.
"""

from __future__ import annotations

from collections.abc import Sequence

from negmine.scorers.judge.base import ABSTAINED, NOT_RELEVANT, RELEVANT, Judgment

Round = tuple[bool | None, bool]
SILENT: Round = (None, False)
UNSURE = 0.2  # weight of an answer without confidence


def settled(rounds: Sequence[Round], weighted: bool = False) -> bool:
    """Tell whether the last two answers are equal and both confident (SEAS), and there is a majority."""
    if len(rounds) < 2 or count(rounds, weighted).verdict == ABSTAINED:
        return False
    (before, sure_before), (last, sure) = rounds[-2:]
    return last is not None and last == before and sure_before and sure


def open_still(rounds: Sequence[Round], most: int, weighted: bool) -> bool:
    """Tell whether a document is to be asked about again: unsettled, and a round missing or silent."""
    return not settled(rounds, weighted) and (len(rounds) < most or SILENT in rounds)


def add(rounds: list[Round], answer: Round, most: int) -> None:
    """Add a round. One beyond the last is a silent one that was held again."""
    if len(rounds) == most:
        rounds.remove(SILENT)
    rounds.append(answer)


def weights(rounds: Sequence[Round], weighted: bool) -> tuple[float, float]:
    """Return the weight of yes and of no: one a vote, or 0.2 for one without confidence."""
    yes = no = 0.0
    for answer, confident in rounds:
        weight = 1.0 if confident or not weighted else UNSURE
        yes += weight if answer is True else 0.0
        no += weight if answer is False else 0.0
    return yes, no


def count(rounds: Sequence[Round], weighted: bool) -> Judgment:
    """Return the judgment: the share of yes among the answers, and the verdict of the majority.

    The majority outweighs all others together: the other answer, and one for each round without any. Else
    it is an abstention, never "not relevant".
    """
    yes, no = weights(rounds, weighted)
    silent = sum(answer is None for answer, _ in rounds)
    score = yes / (yes + no) if yes + no else None
    if max(yes, no) <= min(yes, no) + silent:
        return Judgment(score, ABSTAINED, len(rounds))
    return Judgment(score, RELEVANT if yes > no else NOT_RELEVANT, len(rounds))
