"""Doors of every scorer: row for row beside `candidates`, what it says of each pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.frames import table
from negmine.data.schemas import POSITIVE, SCORES
from negmine.engine.tasks import Parts
from negmine.scorers.base import Scorer
from negmine.scorers.remembered import Remembered
from negmine.stages.context import CANDIDATES, QUERIES, House
from negmine.storage.vectors import count_stored

QUERIES_AT_ONCE = 512
MEMORY = "scores"  # beside the rooms: pairs that were scored once


def scores(
    house: House, open_scorer: Callable[[], Scorer], memory: str | None, depth: int | None = None
) -> Parts:
    """Score the first `depth` of every query's fused list, and every positive; the rest is null.

    memory: the scorer's identity, under which its scores are kept pair by pair; None for a scorer
    that has a memory of its own.
    """
    work = _Scoring(house, open_scorer, memory, depth)
    return Parts(house.query_parts, work.part, work.sizes, "pairs")


def scored(house: House, memory: str) -> str:
    """Say how many pairs a scorer has scored before its artifact is complete."""
    count = count_stored(house.work.root / MEMORY / memory)
    return f"{count:,} pairs are scored" if count else ""


class _Scoring:
    def __init__(
        self, house: House, open_scorer: Callable[[], Scorer], memory: str | None, depth: int | None
    ) -> None:
        self._house, self._open, self._memory = house, open_scorer, memory
        is_positive = pl.col("label") == POSITIVE
        self._chosen = is_positive | (pl.col("rank") <= depth if depth else pl.lit(True))

    @cached_property
    def _scorer(self) -> Scorer:
        return self._open()

    @cached_property
    def sizes(self) -> list[int]:
        """How many pairs each part has."""
        parts = self._house.work.parts(CANDIDATES, ["label", "rank"])
        return [part.filter(self._chosen).height for part in parts]

    def part(self, number: int) -> pa.Table:
        """Return part `number` of the scores."""
        rows = self._house.work.read(CANDIDATES, number, ["query_id", "doc_id", "label", "rank"])
        chosen = rows.with_row_index("place").filter(self._chosen)
        result = np.full(rows.height, np.nan, np.float32)
        score = self._scoring(number)
        for places, queries, documents in self._texts(number, chosen):
            result[places] = score(queries, documents)
        known = pl.Series("score", result).fill_nan(None)
        return table(rows.select("query_id", "doc_id").with_columns(known), SCORES)

    def _scoring(self, number: int) -> Callable[[list[str], list[str]], NDArray[np.float32]]:
        progress = self._house.progress
        if self._memory is not None:
            all_parts = self._house.work.root / MEMORY / self._memory
            own = all_parts / f"part-{number:05d}"
            others = [folder for folder in all_parts.glob("part-*") if folder != own]
            others.sort(key=lambda folder: abs(int(folder.name[5:]) - number))
            batch = self._house.rerank.rerank_batch_size
            remembered = Remembered(self._scorer, own, batch, others)
            return lambda queries, documents: remembered.score(queries, documents, progress.advance)

        def fresh(queries: list[str], documents: list[str]) -> NDArray[np.float32]:
            found = self._scorer.score(queries, documents)
            progress.advance(len(found))
            return found

        return fresh

    def _texts(
        self, number: int, rows: pl.DataFrame
    ) -> Iterator[tuple[NDArray[np.int64], list[str], list[str]]]:
        """Yield places, query texts and document texts, a few hundred queries at a time."""
        asked = self._house.work.read(QUERIES, number, ["query_id", "text"])
        group = pl.col("query_id").rle_id()
        for start in range(0, rows["query_id"].n_unique(), QUERIES_AT_ONCE):
            here = rows.filter(group.is_between(start, start + QUERIES_AT_ONCE, closed="left"))
            found = self._house.texts(here["doc_id"]).rename({"text": "document"})
            pairs = here.join(asked, on="query_id", how="left", maintain_order="left").join(
                found, on="doc_id", how="left", maintain_order="left"
            )
            yield (
                pairs["place"].cast(pl.Int64).to_numpy(),
                pairs["text"].to_list(),
                pairs["document"].to_list(),
            )
