"""Cheap features of a text's length and style: what a student could tell documents apart by without reading."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

_WORD = r"\w+"
_STOP = "[.!?\u3002\uff01\uff1f]"  # also those of Chinese and Japanese
_SENTENCE = rf"{_STOP}+(?:\s|$)"


def _share(pattern: str) -> pl.Expr:
    """The characters of a pattern, as a share of all."""
    text = pl.col("text")
    return text.str.count_matches(pattern) / text.str.len_chars().clip(1)


def _words() -> pl.Expr:
    return pl.col("text").str.count_matches(_WORD)


FEATURES: dict[str, pl.Expr] = {
    "characters": pl.col("text").str.len_chars().log1p(),
    "words": _words().log1p(),
    "characters per word": pl.col("text").str.len_chars() / _words().clip(1),
    "words per sentence": (_words() / pl.col("text").str.count_matches(_SENTENCE).clip(1)).log1p(),
    "lines": pl.col("text").str.count_matches("\n").log1p(),
    "share of capitals": _share(r"\p{Lu}"),
    "share of digits": _share(r"\p{N}"),
    "share of commas": _share(","),
    "share of other punctuation": _share(r"[\p{P}--,]"),
    "ends with a full stop": pl.col("text").str.contains(rf"{_STOP}\s*$"),
    "begins with a capital": pl.col("text").str.contains(r"^\s*\p{Lu}"),
    "share of the query's words": pl.col("query_words"),
    "share of words that are there twice": pl.col("repeated"),
}
"""Feature to expression, over text, query_words and repeated."""


def features(texts: pl.DataFrame) -> NDArray[np.float64]:
    """Return the features of documents, float64 [texts, FEATURES]. texts: text, query.

    Counts are ln(1 + count): a text twice as long is as far from another as that is from one half as long.
    """
    rows = texts.with_columns(
        query_words=pl.Series(
            [_overlap(*row) for row in texts.select("query", "text").iter_rows()]
        ),
        repeated=pl.Series([_repeated(text) for text in texts["text"]]),
    )
    columns = [one.cast(pl.Float64).alias(name) for name, one in FEATURES.items()]
    return rows.select(columns).to_numpy()


def _overlap(query: str, text: str) -> float:
    """Return the share of the query's distinct words that the text has."""
    asked = set(re.findall(_WORD, query.lower()))
    return len(asked & set(re.findall(_WORD, text.lower()))) / max(len(asked), 1)


def _repeated(text: str) -> float:
    words = re.findall(_WORD, text.lower())
    return 1 - len(set(words)) / len(words) if words else 0.0
