"""The first pass: batches become occurrences of keyed texts, put aside by query, by text and by row.

An occurrence is one text in one place: row, role, slot. `q` (qa, qb) is the key of its row's query, `d` (da,
db) its own. What can be told from a row alone is told here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.analysis.lint.checks.lengths import Lengths
from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.keys import keys
from negmine.analysis.lint.spill import Spill
from negmine.data.shingles import shingle_column
from negmine.data.shingles.words import normalise_all

QUERY, POSITIVE, NEGATIVE = 0, 1, 2
Q, D = ["qa", "qb"], ["da", "db"]
Cosines = Callable[[Sequence[str], Sequence[str]], NDArray[np.float32]]
_UNSEEN = r"^[\p{Default_Ignorable_Code_Point}\s]*$"  # zero-width characters and white space only
_WORDS_FOR_NOTHING = ["nan", "none", "null", "<na>", "n/a", "undefined"]
_SALT = 0x9E3779B97F4A7C15


class Collector:
    """Takes batches in; counts rows, positives, negatives, texts and scores."""

    def __init__(
        self, spill: Spill, findings: Findings, guides: Sequence[Cosines] = (), ids: bool = False
    ) -> None:
        self._spill, self._findings, self._guides, self._ids = spill, findings, guides, ids
        self.totals = dict.fromkeys(("rows", "positives", "negatives", "texts", "scores"), 0)
        self.lengths = Lengths()
        self.largest_score = 0.0
        self.anchored = False  # whether a positive has a score that negatives can be compared with
        self.rowed = False  # whether there are rows with both positives and negatives
        self.paired = False  # whether there are labeled pairs

    def take(self, batch: pl.DataFrame) -> None:
        """Take in a batch (see `batches`)."""
        if not batch.height:
            return
        self.rowed = self.rowed or not batch["loose"].all()
        self.paired = self.paired or bool(batch["loose"].any())
        found = occurrences(batch)
        texts = _texts(found["text"])
        found = found.join(texts.drop("shingles"), on="text", how="left", maintain_order="left")
        found = found.with_columns(pl.col("empty").fill_null(True))
        queries = found.filter(pl.col("role") == QUERY).select(
            "row", qa="a", qb="b", query_empty="empty", query_place="place", query="text"
        )
        self._count(found)
        self._put_rows(found)
        usable = pl.col("role") != QUERY, ~pl.col("empty"), ~pl.col("query_empty")
        documents = (
            found.join(queries, on="row", how="left", maintain_order="left")
            .filter(*usable)
            .rename({"a": "da", "b": "db"})
        )
        self.lengths.take(documents)
        self._put_documents(documents)
        self._put_grams(documents, queries.filter(~pl.col("query_empty")), texts["shingles"])

    def _count(self, found: pl.DataFrame) -> None:
        role, scored = found["role"], found["score"].drop_nulls()
        self.totals["rows"] += int((role == QUERY).sum())
        self.totals["positives"] += int((role == POSITIVE).sum())
        self.totals["negatives"] += int((role == NEGATIVE).sum())
        self.totals["texts"] += found.height
        self.totals["scores"] += len(scored)
        self.anchored |= not found.filter(role == POSITIVE)["score"].is_null().all()
        finite = scored.filter(scored.is_finite())
        if len(finite):
            self.largest_score = max(self.largest_score, float(finite.abs().max()))  # type: ignore[arg-type]
        place = pl.when(pl.col("role") == NEGATIVE).then("slot").alias("slot")
        wordy = found.filter("wordy")
        self._findings.add("word_for_nothing", wordy.select("row", place))
        empty, wild = found.filter("empty"), found.filter(~pl.col("score").is_finite())
        self._findings.add("empty_text", empty.select("row", place))
        self._findings.add("score_not_finite", wild.select("row", place))

    def _put_rows(self, found: pl.DataFrame) -> None:
        """Put a hash of every row aside: of its texts' keys, their roles and their order."""
        place = (
            pl.col("role").cast(pl.UInt64) * 1_000_003 + pl.col("slot").cast(pl.UInt64)
        ) * _SALT
        whole = [
            (pl.col(key).fill_null(0) + place).hash(seed).sum().alias(f"r{key}")
            for seed, key in enumerate("ab", start=1)
        ]
        self._spill.add("rows", found.group_by("row", maintain_order=True).agg(whole), "ra")

    def _put_documents(self, documents: pl.DataFrame) -> None:
        ids = ["query_id", "id"] if self._ids else []
        kept = documents.select(*Q, *D, "role", "loose", "row", "slot", "score", *ids)
        for number, cosines in enumerate(self._guides):
            values = cosines(documents["query"].to_list(), documents["text"].to_list())
            kept = kept.with_columns(pl.Series(f"guide_{number}", values, pl.Float32))
        self._spill.add("pairs", kept, "qa")
        self._spill.add("documents", kept.select(*D, *Q, "role", "row", "slot"), "da")

    def _put_grams(self, documents: pl.DataFrame, queries: pl.DataFrame, sets: pl.Series) -> None:
        """Put the shingles of every query's documents aside, and its own, as documents of itself."""
        own = queries.select(*Q, da="qa", db="qb", place="query_place")
        both = pl.concat([documents.select(*Q, *D, "place"), own]).unique([*Q, *D], keep="any")
        self._spill.add(
            "shingles", both.with_columns(sets.gather(both["place"])).drop("place"), "qa"
        )


def occurrences(batch: pl.DataFrame) -> pl.DataFrame:
    """Return row, role, slot (from 1), text, score?, loose, query_id?, id?: queries, positives, negatives."""
    nothing = pl.lit(None)
    asked = batch.select(
        "row",
        pl.lit(QUERY, pl.UInt8).alias("role"),
        pl.lit(0, pl.Int32).alias("slot"),
        text="query",
        score=nothing.cast(pl.Float64),
        loose="loose",
        query_id="query_id",
        id=nothing.cast(pl.String),
    )
    sides = [_side(batch, "positive", POSITIVE), _side(batch, "negative", NEGATIVE)]
    return pl.concat([asked, *sides])


def _side(batch: pl.DataFrame, name: str, role: int) -> pl.DataFrame:
    """Return the occurrences of positives or negatives; a row without any has one of an empty text."""
    texts = pl.col(f"{name}s")
    bare = texts.is_null() | (texts.list.len() == 0)
    rows = batch.filter(~(pl.col("loose") & bare)).select(
        "row",
        pl.when(bare).then(pl.lit([None], pl.List(pl.String))).otherwise(texts).alias("text"),
        _as_long(f"{name}_scores", bare, pl.Float64).alias("score"),
        "loose",
        "query_id",
        _as_long(f"{name}_ids", bare, pl.String).alias("id"),
        length=texts.list.len().fill_null(0).clip(1),
    )
    long = ["text", "score", "id", "slot"]
    return (
        rows.with_columns(slot=pl.int_ranges(1, pl.col("length") + 1, dtype=pl.Int32))
        .explode(long)
        .with_columns(pl.lit(role, pl.UInt8).alias("role"))
        .select("row", "role", "slot", "text", "score", "loose", "query_id", "id")
    )


def _as_long(name: str, bare: pl.Expr, kind: type[pl.DataType]) -> pl.Expr:
    """Return a list as long as that of the texts: filled with nulls where there is none, or cut."""
    length = pl.when(bare).then(1).otherwise(pl.col(name.split("_")[0] + "s").list.len())
    nulls = pl.lit(None, kind).repeat_by(length)
    known = pl.col(name).is_not_null() & (pl.col(name).list.len() == length)
    return pl.when(known).then(pl.col(name)).otherwise(nulls)


def _texts(occurring: pl.Series) -> pl.DataFrame:
    """Return the distinct texts: text, a, b, empty, wordy, chars, place, grams."""
    texts = occurring.drop_nulls().unique().alias("text")
    normalised = normalise_all(texts)
    return pl.DataFrame([texts, *keys(normalised)]).with_columns(
        normalised.str.contains(_UNSEEN).alias("empty"),
        normalised.is_in(_WORDS_FOR_NOTHING).alias("wordy"),
        texts.str.len_chars().alias("chars"),
        pl.int_range(len(texts), dtype=pl.UInt32, eager=True).alias("place"),
        shingle_column(normalised),
    )
