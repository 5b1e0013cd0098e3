"""A command as a value: what another process has to know to make the parts of its artifacts.

It is small, and it can be pickled. The process that gave the command keeps its own context, so that progress
reaches the console; any other opens one by these values.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from negmine.config.resolved import ResolvedConfig
from negmine.engine.context import Context
from negmine.engine.progress import Progress
from negmine.engine.trust import Trusted
from negmine.storage.contents import Verify
from negmine.storage.open import open_workdir

_here: dict[str, Context] = {}  # contexts of commands that this process gave, by name


@dataclass(frozen=True)
class Command:
    """One command on one work directory.

    work: the name of the work directory, which may be relative to `folder`, where the command was given.
    name: a name that only this command has. The other fields are those of Context and of Workdir.
    """

    work: str
    folder: str
    verify: Verify
    config: ResolvedConfig
    force: bool
    name: str
    trust: Trusted
    makes: tuple[str, ...]

    def context(self, progress: Progress) -> Context:
        """Return the context of the command; `progress` is for a process that did not give it."""
        given = _here.get(self.name)
        if given is not None:
            return given
        work = open_workdir(self.work)
        work.verify = self.verify
        values = (progress, self.force, self.name, self.trust, self.makes)
        return Context(work, self.config, *values)


def command_of(context: Context) -> Command:
    """Return the value of a context's command."""
    work = context.work
    values = (context.config, context.force, context.command, context.trust, context.makes)
    return Command(work.name, str(Path.cwd()), work.verify, *values)


@contextmanager
def given(context: Context) -> Iterator[None]:
    """Let the tasks of a command find this context while the block runs in this process."""
    before = _here.get(context.command)
    _here[context.command] = context
    try:
        yield
    finally:
        _here.pop(context.command)
        if before is not None:
            _here[context.command] = before
