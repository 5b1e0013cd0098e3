"""What is told of a budget: that it is spent, that tokens are guessed, that calls were not answered."""

from __future__ import annotations

from collections.abc import Iterator

from negmine.config.naming import counted
from negmine.models.endpoint.budget import Budget


def budget_end(budget: Budget, flag: str) -> str:
    """Return a sentence on a spent budget, with what helps. flag: with its value."""
    if budget.asked:
        return f"{flag} is spent ({budget.asked:,} calls, all kept): run the same command again to go on"
    if budget.tokens is None:
        return f"{flag} is too small for one call: raise it"
    return (
        f"{flag} is too small for one call, which may come to {budget.refused:,} tokens: raise it"
    )


def budget_notes(budget: Budget, flag: str, if_spent: str, if_unheard: str) -> Iterator[str]:
    """Yield notes on a budget. if_spent, if_unheard: what follows from it, in a sentence and a clause."""
    if budget.spent:
        yield f"{budget_end(budget, flag)}. {if_spent}"
    if budget.tokens is not None and budget.guessed:
        yield f"{flag}: the endpoint does not report tokens; they are guessed from lengths."
    if budget.unheard:
        yield (
            f"{counted(budget.unheard, 'calls')} came back without anything that a model said (an error, or "
            f"the page of a proxy?){if_unheard}. Run the same command again to ask again."
        )
