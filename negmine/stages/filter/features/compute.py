"""Features: what is known of a candidate beside its scores, for rules to read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.json_text import parsed
from negmine.data.frames import table
from negmine.data.schemas import FEATURES, POSITIVE
from negmine.data.texts import normalise
from negmine.data.tokens import UNSPACED

Similarity = Callable[[pl.Series, pl.Series], NDArray[np.float32]]


def features(candidates: pl.DataFrame, columns: dict[str, pl.Series]) -> pa.Table:
    """Return one part of `features`: row for row beside `candidates`, null where nobody asked.

    columns: by name, each [rows]; NaN is "unknown".
    """
    rows = candidates.select("query_id", "doc_id")
    given = {name: _known(values) for name, values in columns.items()}
    empty = [pl.lit(None).alias(f.name) for f in FEATURES if f.name not in (*rows.columns, *given)]
    return table(rows.with_columns(*empty, **given), FEATURES)


def _known(values: pl.Series) -> pl.Series:
    return values.fill_nan(None) if values.dtype.is_float() else values


def same_parent(candidates: pl.DataFrame, parents: pl.DataFrame) -> pl.Series:
    """Tell for every candidate whether it shares its parent with a positive of the query, [rows].

    candidates: query_id, doc_id, label. parents: doc_id, parent; a null parent is nobody's.
    """
    rows = candidates.join(parents, on="doc_id", how="left", maintain_order="left")
    positives = rows.filter(pl.col("label") == POSITIVE, pl.col("parent").is_not_null())
    shared = positives.select("query_id", "parent").unique().with_columns(same_parent=True)
    joined = rows.join(shared, on=["query_id", "parent"], how="left", maintain_order="left")
    return joined["same_parent"].fill_null(False)


def owner_query_similarity(
    candidates: pl.DataFrame, owners: pl.DataFrame, similarity: Similarity
) -> pl.Series:
    """Return how similar the query is to the closest other query that owns the candidate, [rows].

    owners: doc_id, owner (a query that the document is a positive of). similarity: of query ids, pair
    by pair. Null where no other query owns the document.
    """
    rows = candidates.select("query_id", "doc_id").with_row_index("place")
    pairs = rows.join(owners, on="doc_id", how="inner", maintain_order="left").filter(
        pl.col("owner") != pl.col("query_id")
    )
    scored = pairs.with_columns(
        pl.Series("similarity", similarity(pairs["query_id"], pairs["owner"]), pl.Float32)
    )
    best = scored.group_by("place").agg(pl.col("similarity").max())
    return rows.join(best, on="place", how="left", maintain_order="left")["similarity"]


def contains_answer(pairs: pl.DataFrame) -> pl.Series:
    """Tell for every row whether `text` has an answer of `answers` in it, [rows].

    pairs: text (normalised, see texts.normalise), answers (a text, or a JSON list of texts). An answer is
    normalised as well, and counts as whole words only ("Paris" is not in
    "parisian"), except at the edge of a script without spaces. A query without answers has none.
    """
    distinct = pairs["answers"].unique().drop_nulls()
    patterns = pl.DataFrame(
        {
            "answers": distinct,
            "pattern": pl.Series(
                [answer_pattern(answers) for answers in distinct], dtype=pl.String
            ),
        }
    )
    rows = pairs.join(patterns, on="answers", how="left", maintain_order="left")
    return rows.select(pl.col("text").str.contains(pl.col("pattern")).fill_null(False)).to_series()


def answer_pattern(answers: str) -> str | None:
    """Return the regular expression of a query's answers, or None where there are none."""
    words = [text for answer in _answers(answers) if (text := normalise(str(answer)))]
    return "|".join(_edge(word[0]) + re.escape(word) + _edge(word[-1]) for word in words) or None


def _answers(text: str) -> list[Any]:
    """Return the answers of a JSON list; any other text is an answer itself, brackets or not."""
    try:
        answers = parsed(text)
    except ValueError:
        answers = None
    return answers if isinstance(answers, list) else [text]


def _edge(character: str) -> str:
    is_word = re.match(r"\w", character) is not None and not UNSPACED.match(character)
    return r"\b" if is_word else ""
