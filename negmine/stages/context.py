"""The house: one work directory with its settings, and how its tables are read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config import memory as sizes
from negmine.config.effective import effective_rules, guide_names, retriever_name
from negmine.config.settings import IndexSettings, RerankSettings, Settings
from negmine.config.validate import judge_budget
from negmine.data.identity import Digests
from negmine.data.sources import Sources, open_sources
from negmine.data.texts import rendered
from negmine.models.locate import short_name
from negmine.progress import Progress, Silent
from negmine.scorers.judge.budget import Budget
from negmine.stages.filter.limits.compute import needed as needs_limits
from negmine.stages.retrieve import compute as retrieve
from negmine.storage.workdir import Workdir

CORPUS, QUERIES, QRELS = "1-index/corpus", "1-index/queries", "1-index/qrels"
CANDIDATES, FEATURES = "2-retrieve/candidates", "4-filter/features"
SURVIVORS, VERDICTS = "4-filter/survivors", "4-filter/verdicts"
RISK_MODEL, RISK, LIMITS = "4-filter/risk-model", "4-filter/risk", "4-filter/limits"
CARD = "5-write"  # README.md lies beside the training files that it describes
PROVENANCE, SHORT = f"{CARD}/provenance", f"{CARD}/short"


class House:
    """What every stage's door opens on: the work directory, the settings, the sources."""

    def __init__(self, work: Workdir, settings: Settings, progress: Progress | None = None) -> None:
        self.work = work
        self.settings = settings
        self.progress: Progress = progress or Silent()
        self.limits_chosen = False  # whether `limits` on disk are those of these settings
        self.force = False  # --force was said: make it again, and let the judge's gate not stop it
        self.digest = Digests(work.root / ".digests.json")
        self.judge_budget = Budget(
            **judge_budget(settings.filter)
        )  # of this command, for all it asks

    @cached_property
    def sources(self) -> Sources:
        """The user's files. Raises SettingsError or InputError where they are not all there."""
        return open_sources(self.settings.index)

    @property
    def memory(self) -> int:
        """How many bytes a command may take."""
        return sizes.read_memory(self.settings.index.memory)

    @property
    def index(self) -> IndexSettings:
        """Room 1's settings, with the batches that --memory allows."""
        asked = self.settings.index
        return asked.model_copy(update={"batch_size": sizes.batch(self.memory, asked.batch_size)})

    @property
    def rerank(self) -> RerankSettings:
        """Room 3's settings, with the batches that --memory allows."""
        asked = self.settings.rerank
        allowed = sizes.batch(self.memory, asked.rerank_batch_size)
        return asked.model_copy(update={"rerank_batch_size": allowed})

    @property
    def part_queries(self) -> int:
        """How many queries a part has: what --memory allows; parts that are smaller already stay."""
        wanted = sizes.part_queries(self.memory, self.settings.retrieve.k, len(self.retrievers))
        made = self.work.manifest(QUERIES)
        return wanted if made is None else min(wanted, made.stats.get("part_queries", wanted))

    @property
    def retrievers(self) -> list[str]:
        """The names of the retrievers, as columns and folders under 2-retrieve use them."""
        return [retriever_name(spec) for spec in self.settings.index.retriever]

    # -- the dense retriever's artifacts -----------------------------------------------------

    @property
    def vectors(self) -> str:
        """The vectors: room 1's, or room 2's where only what was found is encoded."""
        found_only = self.settings.index.dense_scope == "candidates"
        return f"2-retrieve/vectors-{self._dense}" if found_only else f"1-index/dense-{self._dense}"

    @property
    def faiss(self) -> str:
        """The FAISS index over the vectors."""
        return f"{self.vectors.split('/')[0]}/faiss-{self._dense}"

    @property
    def dense_run(self) -> str:
        """The run of the dense retriever."""
        return f"2-retrieve/dense-{self._dense}"

    def run_of(self, retriever: str) -> str:
        """Return the run of a retriever: `dense` is filed under its model."""
        return self.dense_run if retriever == "dense" else f"2-retrieve/{retriever}"

    @property
    def searched(self) -> str:
        """What that run looked at."""
        return f"2-retrieve/searched-{self._dense}"

    @property
    def recall(self) -> str:
        """What the FAISS index finds of what exact search finds."""
        return f"2-retrieve/recall-{self._dense}"

    @property
    def _dense(self) -> str:
        index = self.settings.index
        return "vectors" if index.document_vectors is not None else short_name(index.model)

    @property
    def scorers(self) -> dict[str, str]:
        """The scorers: column prefix to artifact, as in guide to 4-filter/guide-all-MiniLM-L6-v2."""
        settings = self.settings
        found = {}
        if settings.rerank.rerank_model is not None:
            found["rerank"] = f"3-rerank/{short_name(settings.rerank.rerank_model)}"
        for name, model in zip(
            guide_names(settings.filter), settings.filter.guide_model, strict=True
        ):
            found[name] = f"4-filter/{name}-{short_name(model)}"
        if effective_rules(settings).max_risk is not None:
            found["risk"] = RISK
        if self.judge is not None:
            found["judge"] = self.judge
        return found

    @property
    def judge(self) -> str | None:
        """The judge's artifact, if there is a judge."""
        model = self.settings.filter.judge
        return None if model is None else f"4-filter/judge-{short_name(model)}"

    @property
    def opinions(self) -> list[str]:
        """All who score: retrievers, then scorers."""
        return [*self.retrievers, *self.scorers]

    @property
    def judge_check(self) -> str | None:
        """The artifact of the judge's examination, if it has to pass one."""
        rules = self.settings.filter
        if rules.judge is None or rules.judge_check == 0:
            return None
        return f"4-filter/judge-check-{short_name(rules.judge)}"

    @property
    def limits(self) -> dict[str, float]:
        """What limits that depend on the data come to: `auto`, percentiles, budgets (rooms/limits.py)."""
        if not needs_limits(effective_rules(self.settings)):
            return {}
        return dict(self.work.scan(LIMITS).collect().iter_rows())

    def forget_budget(self) -> None:
        """Let --max-leak choose nothing: a sweep says itself what varies."""
        rules = self.settings.filter.model_copy(update={"max_leak": None})
        self.settings = self.settings.model_copy(update={"filter": rules})

    # -- documents ---------------------------------------------------------------------------

    def documents(self, only: NDArray[np.int64] | None = None) -> Iterator[pa.Table]:
        """Yield doc_id, text (rendered), source_row of the documents that are no copies.

        only: positions, ascending, of those that are wanted.
        """
        index = self.settings.index
        columns = ["doc_id", "title", "text", "same_as", "source_row"]
        start = 0
        for part in self.work.parts(CORPUS, columns):
            rows = part.filter(pl.col("same_as").is_null())
            stop = start + rows.height
            if only is not None:
                rows = rows[
                    only[np.searchsorted(only, start) : np.searchsorted(only, stop)] - start
                ]
            start = stop
            text = rendered(index.title, index.title_separator)
            yield rows.select("doc_id", text, "source_row").to_arrow()

    @cached_property
    def doc_ids(self) -> pl.Series:
        """The doc_id of every indexed document, by position."""
        ids = self.work.scan(CORPUS).filter(pl.col("same_as").is_null()).select("doc_id")
        return ids.collect()["doc_id"]

    @cached_property
    def doc_order(self) -> NDArray[np.int64]:
        """For every position, the place of its doc_id among all sorted ones: how ties are broken."""
        order = np.empty(len(self.doc_ids), np.int64)
        order[self.doc_ids.arg_sort().to_numpy()] = np.arange(len(order))
        return order

    @cached_property
    def _positions(self) -> pl.DataFrame:
        return self.doc_ids.to_frame("doc_id").with_row_index("position")

    def positions(self, doc_ids: pl.Series) -> NDArray[np.int64]:
        """Return the positions of documents, int64."""
        found = doc_ids.to_frame("doc_id").join(
            self._positions, on="doc_id", how="left", maintain_order="left"
        )
        return found["position"].cast(pl.Int64).to_numpy()

    def texts(self, doc_ids: pl.Series) -> pl.DataFrame:
        """Return doc_id, text (rendered) of the given documents."""
        index = self.settings.index
        wanted = doc_ids.unique().to_frame("doc_id").lazy()
        return (
            self.work.scan(CORPUS)
            .select("doc_id", "title", "text")
            .join(wanted, on="doc_id", how="semi")
            .select("doc_id", rendered(index.title, index.title_separator))
            .collect(engine="streaming")
        )

    # -- queries -----------------------------------------------------------------------------

    @property
    def query_parts(self) -> int:
        """How many parts `queries` has, and so everything after it."""
        return len(self.work.require(QUERIES).parts)

    @property
    def queries_per_part(self) -> list[int]:
        """How many queries are mined in each part."""
        counts: list[int] = self.work.require(QRELS).stats["queries_per_part"]
        return counts

    def qrels(self, part: int) -> pl.DataFrame:
        """Return part `part` of qrels."""
        return self.work.read(QRELS, part)

    def queries(self, part: int) -> pl.DataFrame:
        """Return the queries of a part that have a positive, in order: query_id, text, ..."""
        rows = self.work.read(QUERIES, part)
        return retrieve.mined_queries(rows, self.qrels(part), self.settings.index.min_relevance)

    def mined_queries(self) -> Iterator[pa.Table]:
        """Yield query_id, text, source_row of all queries that have a positive."""
        for part in range(self.query_parts):
            yield self.queries(part).select("query_id", "text", "source_row").to_arrow()

    def known(self, part: int) -> pl.DataFrame:
        """Return query_id, doc_id of the positives of a part."""
        return retrieve.positives(self.qrels(part), self.settings.index.min_relevance)
