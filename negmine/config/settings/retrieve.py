"""The settings of stage 2, retrieve: how deep retrievers search, and how their runs become one list."""

from __future__ import annotations

from functools import partial
from typing import Literal

from negmine.config.table import StageSettings, setting

# The groups under which help, docs and `negmine settings` show these settings.
_retrievers = partial(setting, group="Retrievers")
_late = partial(setting, group="Late interaction")
_faiss = partial(setting, group="Approximate search")

MOST = 10_000_000  # of what is counted in a search: beyond it numbers wrap around somewhere


class RetrieveSettings(StageSettings):
    """How deep each retriever looks, and how the runs of several become one list."""

    k: int = _retrievers(
        "Hits per query and retriever, not counting known positives.",
        100,
        gt=0,
        le=MOST,
        essential=True,
    )
    candidates: str = _retrievers(
        "Which hits are candidates: union (all), intersection (those that every retriever found), or those of "
        "one retriever, by its name. The others still score them.",
        "union",
        essential="stage",
    )
    fusion: Literal["rrf", "relative-score"] = _retrievers(
        "How several runs become one fused list: rrf by ranks (reciprocal rank fusion), relative-score by "
        "scores, put between 0 and 1.",
        "rrf",
        essential="stage",
    )
    rrf_k: int = _retrievers(
        "--fusion rrf: a hit counts 1 / (this + its rank). The smaller, the more the first ranks count.",
        60,
        ge=0,
        le=MOST,
    )
    fusion_weight: tuple[str, ...] = _retrievers(
        "How much a retriever counts in the fused list, as NAME=NUMBER. Default: 1. Repeatable.", ()
    )
    sparse_query_terms: int | None = _retrievers(
        "Terms of a query that the sparse retriever searches, those of the largest weights. Default: all.",
        gt=0,
        le=MOST,
    )
    late_tokens: int = _late(
        "--late-index: tokens of documents that are looked up for each token of a query, the nearest ones.",
        512,
        gt=0,
        le=MOST,
    )
    nprobe: int | None = _faiss(
        "--index IVF: cells to search. Default: FAISS' own, 1.", gt=0, le=MOST, essential="stage"
    )
    ef_search: int | None = _faiss(
        "--index HNSW: candidates that a search keeps (efSearch). Default: FAISS' own.",
        gt=0,
        le=MOST,
    )
    rescore: int | None = _faiss(
        "--index binary: how many times --k documents are compared by their vectors. Default: 4.",
        gt=0,
        le=MOST,
    )
    min_recall: float = _faiss(
        "Gate: exit code 3 if --index or --late-index finds less than this share of what exact search finds.",
        0.95,
        ge=0,
        le=1,
        essential="stage",
    )

    @property
    def faiss_parameters(self) -> dict[str, int]:
        """The given settings of a FAISS index' search, under FAISS' names."""
        by_name = {"nprobe": self.nprobe, "efSearch": self.ef_search}
        return {name: value for name, value in by_name.items() if value is not None}
