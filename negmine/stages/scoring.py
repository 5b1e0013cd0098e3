"""Tasks of every scorer: the scores of a part's pairs, row for row beside `candidates`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.sources.swapped import D2Q
from negmine.engine.context import Context
from negmine.engine.tasks import MODEL, Parts, once
from negmine.scorers.base import Scorer
from negmine.scorers.remembered import Remembered
from negmine.stages.rerank.compute import is_scored, scores_table
from negmine.storage.layout import PAIR_SCORES, QUERIES
from negmine.storage.vectors import count_stored

QUERIES_AT_ONCE = 512
Score = Callable[[list[str], list[str]], NDArray[np.float32]]


def scores(
    context: Context,
    open_scorer: Callable[[], Scorer],
    cache: str | None,
    depth: int | None = None,
) -> Parts:
    """Score the first `depth` of every query's fused list, and every positive; the rest is null.

    cache: the scorer's identity, under which its scores are kept pair by pair; None for a scorer
    that has a cache of its own.
    """
    work = _Scoring(context, open_scorer, cache, depth)
    return Parts(context.queries.parts(), work.part, work.sizes, "pairs", place=MODEL)


def count_scored(context: Context, cache: str) -> str:
    """Return in words how many pairs a scorer has scored so far; empty where none."""
    count = count_stored(context.work.root / PAIR_SCORES / cache)
    return f"{count:,} pairs are scored" if count else ""


class _Scoring:
    def __init__(
        self,
        context: Context,
        open_scorer: Callable[[], Scorer],
        cache: str | None,
        depth: int | None,
    ) -> None:
        self._context, self._cache = context, cache
        self._scorer = once(open_scorer)
        self._is_scored = is_scored(depth)

    @cached_property
    def sizes(self) -> list[int]:
        """How many pairs each part has."""
        parts = self._context.work.parts(self._context.candidates, ["label", "rank"])
        return [part.filter(self._is_scored).height for part in parts]

    def part(self, number: int) -> pa.Table:
        """Return part `number` of the scores."""
        rows = self._context.work.read(
            self._context.candidates, number, ["query_id", "doc_id", "label", "rank"]
        )
        chosen = rows.with_row_index("place").filter(self._is_scored)
        values = np.full(rows.height, np.nan, np.float32)
        score = self._cached(number) if self._cache is not None else self._fresh
        for places, queries, documents in self._texts(number, chosen):
            values[places] = score(queries, documents)
        return scores_table(rows, values)

    def _cached(self, number: int) -> Score:
        """Return what scores pairs with the cache of a part; pairs may have moved from other parts."""
        progress = self._context.progress
        all_parts = self._context.work.cache(PAIR_SCORES) / str(self._cache)
        own = all_parts / f"part-{number:05d}"
        others = [folder for folder in all_parts.glob("part-*") if folder != own]
        others.sort(key=lambda folder: abs(int(folder.name[5:]) - number))
        batch = self._context.config.rerank.rerank_batch_size
        cached = Remembered(self._scorer(), own, batch, others, progress.note)
        return lambda queries, documents: cached.score(queries, documents, progress.advance)

    def _fresh(self, queries: list[str], documents: list[str]) -> NDArray[np.float32]:
        scores = self._scorer().score(queries, documents)
        self._context.progress.advance(len(scores))
        return scores

    def _texts(
        self, number: int, rows: pl.DataFrame
    ) -> Iterator[tuple[NDArray[np.int64], list[str], list[str]]]:
        """Yield places, query texts and document texts, a few hundred queries at a time.

        With --direction d2q, the run's queries are the user's documents: scorers get them as documents.
        """
        is_swapped = self._context.config.index.direction == D2Q
        sides = ("document", "text") if is_swapped else ("text", "document")
        queries = self._context.work.read(QUERIES, number, ["query_id", "text"])
        group = pl.col("query_id").rle_id()
        for start in range(0, rows["query_id"].n_unique(), QUERIES_AT_ONCE):
            here = rows.filter(group.is_between(start, start + QUERIES_AT_ONCE, closed="left"))
            documents = self._context.corpus.texts(here["doc_id"]).rename({"text": "document"})
            pairs = here.join(queries, on="query_id", how="left", maintain_order="left").join(
                documents, on="doc_id", how="left", maintain_order="left"
            )
            yield (
                pairs["place"].cast(pl.Int64).to_numpy(),
                pairs[sides[0]].to_list(),
                pairs[sides[1]].to_list(),
            )
