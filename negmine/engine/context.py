"""Everything a task needs: work directory, configuration, progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from uuid import uuid4

from negmine.config.resolved import ResolvedConfig
from negmine.engine.progress import Progress, Silent, TaskNotes
from negmine.engine.trust import ALL_TRUSTED, Trusted
from negmine.storage.corpus import Corpus, open_corpus
from negmine.storage.layout import CANDIDATES, GENERATED_CANDIDATES
from negmine.storage.queries import Queries
from negmine.storage.with_generated import open_with_generated
from negmine.storage.workdir import Workdir


@dataclass(frozen=True)
class Context:
    """One command on one work directory. Pickled, it keeps its notes for the process that made it.

    force: make artifacts again although they are fresh, and pass the judge's gate. command: a name that
    only this command has; a judge's budget is counted under it. trust: what the settings name outside the work
    directory. makes: the stages that this command makes; an analysis makes none, and imports no plug-in.
    """

    work: Workdir
    config: ResolvedConfig
    progress: Progress = field(default_factory=Silent)
    force: bool = False
    command: str = field(default_factory=lambda: uuid4().hex)
    trust: Trusted = ALL_TRUSTED
    makes: tuple[str, ...] = ()

    def with_rules(self, **rules: object) -> Context:
        """Return the same context under other rules: field names of the filter stage."""
        return replace(self, config=self.config.with_rules(**rules))

    def __reduce__(self) -> tuple[Callable[..., Context], tuple[object, ...]]:
        values = (
            self.work,
            self.config,
            TaskNotes(),
            self.force,
            self.command,
            self.trust,
            self.makes,
        )
        return Context, values

    def making(self, stages: Iterable[str]) -> Context:
        """Return the context of a command that makes these stages. Raises NotTrusted (see Trusted)."""
        self.trust.require(stages)
        return replace(self, makes=tuple(stages))

    @property
    def corpus(self) -> Corpus:
        """A reader of `corpus`."""
        return open_corpus(self.work, self.config.index, self.config.generates)

    @property
    def documents(self) -> Corpus:
        """A reader of all documents that training files can have: those of `corpus`, and written ones."""
        if not self.config.generates:
            return self.corpus
        return open_with_generated(self.work, self.config.index)

    @property
    def candidates(self) -> str:
        """The artifact that has the candidates: where a model wrote documents, these are among them."""
        return GENERATED_CANDIDATES if self.config.generates else CANDIDATES

    @property
    def queries(self) -> Queries:
        """A reader of `queries` and `qrels`."""
        return Queries(self.work, self.config.index)
