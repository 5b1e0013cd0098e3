"""Open the judge: how it is asked, who answers, the call cache and the budget before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from negmine.config.sampling import reach
from negmine.config.validate import judge_budget, judge_extra
from negmine.data.identity import canonical
from negmine.engine.context import Context
from negmine.models.endpoint.budget import Budget
from negmine.scorers.judge.base import Chat
from negmine.scorers.judge.chat import HttpChat
from negmine.scorers.judge.local import LocalChat, fingerprint
from negmine.scorers.judge.prompts import template
from negmine.scorers.judge.recorded import Recorded
from negmine.scorers.judge.rounds import Rules
from negmine.storage.calls import Calls
from negmine.storage.layout import CALLS, short_name


def rules_of(context: Context) -> Rules:
    """Return how the judge is asked. `wanted` is how many negatives stage write draws from."""
    rules, prompt = context.config.filter, context.config.filter.judge_prompt
    return Rules(
        rules.judge_method,
        template(rules.judge_method, prompt and context.work.remote.local(prompt)),
        rules.judge_batch,
        rules.judge_rounds,
        rules.judge_beta,
        rules.judge_vote == "confidence",
        reach(context.config.write) if rules.judge_scope == "survivors" else None,
        rules.judge_max_tokens,
    )


def identity_of_judge(context: Context, model: str | None = None) -> str:
    """Return who answers: address, name and what is added to calls, or the files of a model here."""
    rules = context.config.filter
    if rules.judge_local is not None:
        return f"local {fingerprint(rules.judge_local, context.work.digest)}"
    extra = judge_extra(rules)
    extra_text = f" {canonical(extra)}" if extra else ""
    return f"{rules.judge_url} {model or rules.judge_model}{extra_text}"


class Opened(NamedTuple):
    """A judge that can be asked, the first judge if there is one, and the budget that both spend."""

    chat: Recorded
    first: Recorded | None
    budget: Budget

    async def close(self) -> None:
        """Close the connections; within the loop that opened them."""
        for chat in (self.chat, self.first):
            if chat is not None:
                await chat.close()


@contextmanager
def open_judge(context: Context) -> Iterator[Opened]:
    """Open the judge behind the call cache and the command's budget.

    With --force, cached answers that cannot be read are asked for again. What was spent is kept under the
    command's name, so that later parts of the same command go on from there.
    """
    rules, note = context.config.filter, context.progress.note
    with ExitStack() as stack:
        calls = stack.enter_context(closing(Calls(_file(context, str(rules.judge)), note)))
        budget = Budget(**judge_budget(rules), counters=calls.spending(context.command))
        stack.callback(lambda: calls.record_spending(context.command, budget.counters()))
        chat = _recorded(context, None, calls, budget)
        first = None
        if rules.judge_first is not None:
            cheaper = stack.enter_context(closing(Calls(_file(context, rules.judge_first), note)))
            first = _recorded(context, rules.judge_first, cheaper, budget)
        yield Opened(chat, first, budget)


def spent_budget(context: Context) -> Budget:
    """Return the budget as this command has spent it so far."""
    rules = context.config.filter
    with closing(Calls(_file(context, str(rules.judge)))) as calls:
        return Budget(**judge_budget(rules), counters=calls.spending(context.command))


def _file(context: Context, model: str) -> Path:
    return context.work.cache(CALLS) / f"judge-{short_name(model)}.sqlite"


def _recorded(context: Context, model: str | None, calls: Calls, budget: Budget) -> Recorded:
    rules = context.config.filter
    name = str(model or rules.judge)
    chat: Chat
    if rules.judge_local is not None:
        chat = LocalChat(name, context.config.index.one_device, context.work.digest)
    else:
        chat = HttpChat(
            str(rules.judge_url),
            name,
            rules.judge_timeout,
            rules.judge_retries,
            judge_extra(rules),
            note=context.progress.note,
        )
    return Recorded(chat, identity_of_judge(context, model), calls, budget, context.force)


def shaping(context: Context) -> dict[str, Any]:
    """Return what shapes an answer: who gives it, to which question, and how votes are counted."""
    rules_asked = rules_of(context)
    rules = context.config.filter
    method = ("batch", "rounds", "weighted") if rules_asked.method == "verdict" else ("beta",)
    more = ("max_tokens",) if rules_asked.max_tokens is not None else ()
    shaped = {name: getattr(rules_asked, name) for name in ("method", "prompt", *method, *more)}
    return {"judge": identity_of_judge(context), "first": rules.judge_first, **shaped}


def budget_flag(context: Context) -> str:
    """Return --judge-budget with its value."""
    return f"--judge-budget {context.config.filter.judge_budget}"
