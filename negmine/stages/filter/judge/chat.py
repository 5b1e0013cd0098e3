"""Door to the judge itself: how it is asked, who it is, and the memory and the budget before it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

from negmine.config.validate import judge_extra
from negmine.data.identity import canonical
from negmine.models.locate import short_name
from negmine.scorers.judge.base import Chat
from negmine.scorers.judge.chat import HttpChat
from negmine.scorers.judge.local import LocalChat, fingerprint
from negmine.scorers.judge.prompts import template
from negmine.scorers.judge.replay import Recorded
from negmine.scorers.judge.rounds import Rules
from negmine.stages.context import House

T = TypeVar("T")
MEMORY = "judge"  # beside the rooms: judge-<model>.sqlite


def rules_of(house: House) -> Rules:
    """Return how the judge is asked. `wanted` is what the write room will draw from."""
    rules, write = house.settings.filter, house.settings.write
    enough = write.pool if write.sampling == "random" else write.num_negatives
    return Rules(
        rules.judge_method,
        template(rules.judge_method, rules.judge_prompt),
        rules.judge_batch,
        rules.judge_rounds,
        rules.judge_beta,
        rules.judge_vote == "confidence",
        enough if rules.judge_scope == "survivors" else None,
        rules.judge_max_tokens,
    )


def identity_of_judge(house: House, model: str | None = None) -> str:
    """Return who answers: address, name and what is added to calls, or the files of a model here."""
    rules = house.settings.filter
    if rules.judge_local is not None:
        return f"local {fingerprint(rules.judge_local, house.digest)}"
    extra = judge_extra(rules)
    said = f" {canonical(extra)}" if extra else ""
    return f"{rules.judge_url} {model or rules.judge_model}{said}"


@contextmanager
def open_chats(house: House) -> Iterator[tuple[Chat, Chat | None]]:
    """Open the judge, and the first judge if there is one, behind memory and the command's budget.

    With --force, remembered answers that say nothing are asked for again.
    """
    rules = house.settings.filter
    with closing(_recorded(house, None)) as chat:
        if rules.judge_first is None:
            yield chat, None
            return
        with closing(_recorded(house, rules.judge_first)) as first:
            yield chat, first


def _recorded(house: House, model: str | None) -> Recorded:
    rules = house.settings.filter
    name = str(model or rules.judge)
    chat: Chat
    if rules.judge_local is not None:
        chat = LocalChat(name, house.settings.index.one_device, house.digest)
    else:
        chat = HttpChat(
            str(rules.judge_url), name, rules.judge_timeout, rules.judge_retries, judge_extra(rules)
        )
    file = house.work.root / MEMORY / f"judge-{short_name(name)}.sqlite"
    return Recorded(chat, identity_of_judge(house, model), file, house.judge_budget, house.force)


async def each(
    cases: Iterator[T],
    one: Callable[[T], Awaitable[None]],
    concurrency: int,
    done: Callable[[int], None],
) -> None:
    """Run `one` on all cases, `concurrency` at a time; the first error ends it all."""

    async def work() -> None:
        for case in cases:
            await one(case)
            done(1)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def shaping(house: House) -> dict[str, Any]:
    """Return what shapes an answer: who gives it, to which question, and how votes are counted."""
    said = rules_of(house)
    rules = house.settings.filter
    method = ("batch", "rounds", "weighted") if said.method == "verdict" else ("beta",)
    more = ("max_tokens",) if said.max_tokens is not None else ()
    shaped = {name: getattr(said, name) for name in ("method", "prompt", *method, *more)}
    return {"judge": identity_of_judge(house), "first": rules.judge_first, **shaped}


def budget_end(house: House) -> str:
    """Return how a spent budget is told, and what helps."""
    budget = house.judge_budget
    said = f"--judge-budget {house.settings.filter.judge_budget}"
    if budget.asked:
        return f"{said} is spent ({budget.asked:,} calls, all kept): run the same command again to go on"
    return (
        f"{said} is too small for one call, which may come to {budget.refused:,} tokens: raise it"
    )
