"""Open the model that writes: at an endpoint or on this machine, behind the call cache and the budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from negmine.config.generating import KEY, generate_budget, generate_extra
from negmine.data.identity import canonical
from negmine.engine.context import Context
from negmine.errors import GeneratorError
from negmine.models.endpoint.budget import Budget
from negmine.scorers.judge.base import Chat, Reply
from negmine.scorers.judge.chat import HttpChat
from negmine.scorers.judge.local import LocalChat, fingerprint
from negmine.scorers.judge.recorded import Recorded
from negmine.scorers.judge.role import Role
from negmine.stages.generate.answers import readable
from negmine.stages.generate.prompts import Prompt, prompt_of
from negmine.stages.generate.writing import Writer
from negmine.storage.calls import Calls
from negmine.storage.layout import CALLS, short_name

GENERATOR = Role("model that writes", "--generate", (KEY, "OPENAI_API_KEY"), GeneratorError)


class Opened(NamedTuple):
    """A model that can be asked, and the budget that it spends."""

    writer: Writer
    chat: Recorded
    budget: Budget

    async def close(self) -> None:
        """Close the connections; within the loop that opened them."""
        await self.chat.close()


def prompts(context: Context) -> list[Prompt]:
    """Return the prompt of every kind that is asked for. Raises SettingsError for an unusable file."""
    settings, local = context.config.generate, context.work.remote.local
    files = {kind: settings.prompt(kind) for kind in settings.generate_kind}
    return [prompt_of(kind, file and local(file)) for kind, file in files.items()]


def identity(context: Context) -> str:
    """Return who writes: address, name and what is added to calls, or the files of a model here."""
    settings = context.config.generate
    if settings.generate_local is not None:
        return f"local {fingerprint(settings.generate_local, context.work.digest, GENERATOR)}"
    extra = generate_extra(settings)
    text = f" {canonical(extra)}" if extra else ""
    return f"{settings.generate_url} {settings.generate_model}{text}"


def shaping(context: Context) -> dict[str, Any]:
    """Return what shapes a written text: who writes it, and what is asked."""
    settings = context.config.generate
    return {
        "model": identity(context),
        **{f"generate_{one.kind.replace('-', '_')}_prompt": one.hash for one in prompts(context)},
        "generate_kind": list(settings.generate_kind),
        "generate_count": settings.generate_count,
        "generate_max_tokens": settings.generate_max_tokens,
    }


@contextmanager
def open_model(
    context: Context, can_read: Callable[[Reply, bool], bool] = readable
) -> Iterator[Opened]:
    """Open the model behind the call cache and the command's budget. can_read: see Recorded.

    With --force, cached answers that cannot be read are asked for again. What was spent is kept under the
    command's name, so that later parts of the same command go on from there.
    """
    settings = context.config.generate
    with closing(Calls(_file(context), context.progress.note)) as calls:
        budget = Budget(**generate_budget(settings), counters=calls.spending(context.command))
        try:
            name = identity(context)
            chat = Recorded(_chat(context), name, calls, budget, context.force, can_read)
            model = short_name(str(settings.generator))
            writer = Writer(chat, model, name, settings.generate_max_tokens)
            yield Opened(writer, chat, budget)
        finally:
            calls.record_spending(context.command, budget.counters())


def spent_budget(context: Context) -> Budget:
    """Return the budget as this command has spent it so far."""
    with closing(Calls(_file(context))) as calls:
        counters = calls.spending(context.command)
        return Budget(**generate_budget(context.config.generate), counters=counters)


def _file(context: Context) -> Path:
    name = short_name(str(context.config.generate.generator))
    return context.work.cache(CALLS) / f"generate-{name}.sqlite"


def _chat(context: Context) -> Chat:
    settings = context.config.generate
    if settings.generate_local is not None:
        device, digest = context.config.index.one_device, context.work.digest
        return LocalChat(settings.generate_local, device, digest, GENERATOR)
    return HttpChat(
        str(settings.generate_url),
        str(settings.generate_model),
        settings.generate_timeout,
        settings.generate_retries,
        generate_extra(settings),
        GENERATOR,
        context.progress.note,
    )
