"""The settings that are in force, worked out once: no function sees half-resolved ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from negmine.config import memory
from negmine.config.effective import effective_order, effective_rules, guide_names
from negmine.config.per_command import PER_COMMAND
from negmine.config.settings import (
    STAGES,
    FilterSettings,
    GenerateSettings,
    IndexSettings,
    RerankSettings,
    RetrieveSettings,
    Settings,
    WriteSettings,
)

DEFAULT = "default"
ScoreKind = Literal["sum", "cosine", "product", "unknown"]


@dataclass(frozen=True)
class RetrieverInfo:
    """What other packages may know of a retriever.

    spec: as --retriever names it. name: of its columns and folders. has_vectors: it can give vectors of
    documents and queries, for similarities and signals. score_kind: see retrievers/base.py. is_evidence: its
    scores tell how relevant a document is, so signals are made of them.
    """

    spec: str
    name: str
    has_vectors: bool = False
    score_kind: ScoreKind = "unknown"
    is_own: bool = False  # a user's own, from another package
    is_evidence: bool = True


class InForce(NamedTuple):
    """A setting that is on: its stage and name, its value, and where it comes from.

    origin: flag, file, remembered, default, or chosen (by --max-leak).
    """

    stage: str
    setting: str
    value: Any
    origin: str


@dataclass(frozen=True)
class ResolvedConfig:
    """Every setting in force: defaults worked out, batches within --memory.

    given: what the user gave, which a work directory remembers. origins: setting name to flag, file or
    remembered, for those that were given. memory_bytes: what --memory comes to.
    """

    given: Settings
    retrievers: tuple[RetrieverInfo, ...]
    origins: Mapping[str, str]
    index: IndexSettings
    retrieve: RetrieveSettings
    generate: GenerateSettings
    rerank: RerankSettings
    filter: FilterSettings
    write: WriteSettings
    memory_bytes: int

    @property
    def retriever_names(self) -> list[str]:
        """The names of the retrievers, as columns and folders use them."""
        return [one.name for one in self.retrievers]

    @property
    def vector_retriever(self) -> RetrieverInfo | None:
        """The retriever whose vectors tell how similar two documents or two queries are."""
        return next((one for one in self.retrievers if one.has_vectors), None)

    @property
    def round(self) -> int:
        """The round: 1 where nobody has named one."""
        return self.index.round or 1

    @property
    def generates(self) -> bool:
        """Whether a language model writes documents."""
        return bool(self.generate.generate_kind)

    @property
    def shares_generated(self) -> bool:
        """Whether documents that were written for one query may be candidates of others."""
        return self.generates and self.generate.share_generated

    @property
    def guides(self) -> list[str]:
        """The column prefixes of the guides: guide, guide_2, guide_3 ..."""
        return guide_names(self.filter)

    @property
    def scorers(self) -> list[str]:
        """The column prefixes of the scorers: rerank, guide, guide_2 ..., risk, judge."""
        rerank = ["rerank"] if self.rerank.rerank_model is not None else []
        risk = ["risk"] if self.filter.max_risk is not None else []
        judge = ["judge"] if self.filter.judge is not None else []
        return [*rerank, *self.guides, *risk, *judge]

    @property
    def score_names(self) -> list[str]:
        """The column prefixes of all scores: retrievers', then scorers'."""
        return [*self.retriever_names, *self.scorers]

    @property
    def evidence(self) -> list[str]:
        """The column prefixes of the scores that signals are made of: not risk, judge and given negatives."""
        silent = {one.name for one in self.retrievers if not one.is_evidence}
        return [name for name in self.score_names if name not in {"risk", "judge", *silent}]

    @property
    def part_queries(self) -> int:
        """How many queries a part may have within --memory."""
        return memory.part_queries(self.memory_bytes, self.retrieve.k, len(self.retrievers))

    def shards(self, documents: int) -> int:
        """Return into how many shards so many documents are cut."""
        wanted = self.index.shards
        return memory.shards(self.memory_bytes, documents) if wanted == "auto" else int(wanted)

    def with_rules(self, **rules: Any) -> ResolvedConfig:
        """Return the same configuration under other rules: field names of the filter stage."""
        return replace(self, filter=self.filter.model_copy(update=rules))

    def in_force(self, *stages: str) -> list[InForce]:
        """Return the settings of these stages that are on, in their order, each with its origin."""
        return [
            InForce(stage, name, value, self.origins.get(name, DEFAULT))
            for stage in stages
            for name, value in getattr(self, stage).model_dump(mode="json").items()
            if _is_on(value)
        ]

    def to_remember(self) -> dict[str, Any]:
        """Return what a work directory keeps: the settings that were given, by stage."""
        return {
            stage: getattr(self.given, stage).model_dump(
                mode="json", exclude_unset=True, exclude=set(PER_COMMAND)
            )
            for stage in STAGES
        }


def work_out(
    given: Settings, retrievers: Sequence[RetrieverInfo], origins: Mapping[str, str]
) -> ResolvedConfig:
    """Work out the settings in force: effective rules, then batches within --memory.

    Raises SettingsError for a --memory that is no size, or too small for any run.
    """
    size = memory.read_memory(given.index.memory)
    index, rerank = given.index, given.rerank
    batch = memory.batch(size, index.batch_size)
    pairs = memory.batch(size, rerank.rerank_batch_size)
    order = effective_order(given.write.order, given.filter, retrievers)
    return ResolvedConfig(
        given=given,
        retrievers=tuple(_compared(one, index) for one in retrievers),
        origins=dict(origins),
        index=index.model_copy(update={"batch_size": batch}),
        retrieve=given.retrieve,
        generate=given.generate,
        rerank=rerank.model_copy(update={"rerank_batch_size": pairs}),
        filter=effective_rules(given.filter, retrievers),
        write=given.write.model_copy(update={"order": order}),
        memory_bytes=size,
    )


def _compared(retriever: RetrieverInfo, index: IndexSettings) -> RetrieverInfo:
    """Return a retriever with the kind of score that --similarity makes of a cosine."""
    if retriever.score_kind != "cosine" or index.similarity == "cosine":
        return retriever
    return replace(retriever, score_kind="product")


def _is_on(value: Any) -> bool:
    return value is not None and value is not False and value not in ("", [], ())
