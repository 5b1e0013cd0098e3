"""The first pass: batches become occurrences of keyed texts, put aside by query, by text and by row.

The rules that need one row only are checked here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.analysis.lint.checks.lengths import Lengths
from negmine.analysis.lint.checks.tells import Tells
from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.keys import QUERY_KEY, TEXT_KEY
from negmine.analysis.lint.occurrences import (
    NEGATIVE,
    POSITIVE,
    QUERY,
    distinct_texts,
    occurrences,
)
from negmine.analysis.lint.spill import Spill
from negmine.data.hashing import GOLDEN

Scorer = Callable[[Sequence[str], Sequence[str]], NDArray[np.float32]]


class Collector:
    """Takes in batches; puts occurrences aside, and counts rows, positives, negatives, texts and scores.

    The tables that it puts aside: `pairs` and `shingles` by query, `documents` by text, `rows` by row.
    """

    def __init__(
        self,
        spill: Spill,
        findings: Findings,
        guides: Sequence[Scorer] = (),
        with_ids: bool = False,
    ) -> None:
        self._spill, self._findings, self._guides = spill, findings, guides
        self._with_ids = with_ids
        self.totals = dict.fromkeys(("rows", "positives", "negatives", "texts", "scores"), 0)
        self.lengths, self.tells = Lengths(), Tells()
        self.largest_score = 0.0  # without its sign
        self.has_positive_scores = False
        self.has_rows = False  # rows with both positives and negatives
        self.has_pairs = False  # labeled pairs

    def take(self, batch: pl.DataFrame) -> None:
        """Take in a batch (see batches.py)."""
        if not batch.height:
            return
        self.has_rows |= not batch["is_pair"].all()
        self.has_pairs |= bool(batch["is_pair"].any())
        every = occurrences(batch)
        texts = distinct_texts(every["text"])
        every = every.join(texts.drop("shingles"), on="text", how="left", maintain_order="left")
        every = every.with_columns(pl.col("is_empty").fill_null(True))
        self._count(every)
        self._check_texts(every)
        self._put_rows(every)
        queries = every.filter(pl.col("role") == QUERY, ~pl.col("is_empty")).select(
            "row", query_a="text_a", query_b="text_b", query_place="place", query="text"
        )
        documents = every.filter(pl.col("role") != QUERY, ~pl.col("is_empty")).join(
            queries, on="row", how="inner", maintain_order="left"
        )
        self.lengths.take(documents)
        self.tells.take(documents)
        self._put_documents(documents)
        self._put_shingles(documents, queries, texts["shingles"])

    def _count(self, every: pl.DataFrame) -> None:
        role, scores = every["role"], every["score"].drop_nulls()
        self.totals["rows"] += int((role == QUERY).sum())
        self.totals["positives"] += int((role == POSITIVE).sum())
        self.totals["negatives"] += int((role == NEGATIVE).sum())
        self.totals["texts"] += every.height
        self.totals["scores"] += len(scores)
        self.has_positive_scores |= not every.filter(role == POSITIVE)["score"].is_null().all()
        finite = scores.filter(scores.is_finite())
        if len(finite):
            self.largest_score = max(self.largest_score, float(finite.abs().max()))  # type: ignore[arg-type]

    def _check_texts(self, every: pl.DataFrame) -> None:
        slot = pl.when(pl.col("role") == NEGATIVE).then("slot").alias("slot")
        checks = {
            "word_for_nothing": pl.col("is_placeholder"),
            "empty_text": pl.col("is_empty"),
            "score_not_finite": ~pl.col("score").is_finite(),
        }
        for rule, condition in checks.items():
            self._findings.add(rule, every.filter(condition).select("row", slot))

    def _put_rows(self, every: pl.DataFrame) -> None:
        """Put a hash of every row aside: of its texts' keys, their roles and their order."""
        place = pl.col("role").cast(pl.UInt64) * 1_000_003 + pl.col("slot").cast(pl.UInt64)
        hashes = [
            (pl.col(f"text_{half}").fill_null(0) + place * int(GOLDEN))
            .hash(seed)
            .sum()
            .alias(f"row_{half}")
            for seed, half in enumerate("ab", start=1)
        ]
        self._spill.add("rows", every.group_by("row", maintain_order=True).agg(hashes), "row_a")

    def _put_documents(self, documents: pl.DataFrame) -> None:
        ids = ["query_id", "id"] if self._with_ids else []
        pairs = documents.select(
            *QUERY_KEY, *TEXT_KEY, "role", "is_pair", "row", "slot", "score", *ids
        )
        for number, guide in enumerate(self._guides):
            cosines = guide(documents["query"].to_list(), documents["text"].to_list())
            pairs = pairs.with_columns(pl.Series(f"guide_{number}", cosines, pl.Float32))
        self._spill.add("pairs", pairs, "query_a")
        by_text = pairs.select(*TEXT_KEY, *QUERY_KEY, "role", "row", "slot")
        self._spill.add("documents", by_text, "text_a")

    def _put_shingles(
        self, documents: pl.DataFrame, queries: pl.DataFrame, shingles: pl.Series
    ) -> None:
        """Put the shingles of every query's documents aside, and its own under its own key."""
        own = queries.select(*QUERY_KEY, text_a="query_a", text_b="query_b", place="query_place")
        both = pl.concat([documents.select(*QUERY_KEY, *TEXT_KEY, "place"), own])
        both = both.unique([*QUERY_KEY, *TEXT_KEY], keep="any")
        rows = both.with_columns(shingles.gather(both["place"])).drop("place")
        self._spill.add("shingles", rows, "query_a")
