"""Texts of evaluation sets, ready to be compared: as many at once as memory has room for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.config.settings.filter import EVAL_TESTS
from negmine.data.shingles.grams import Hashes, Ints
from negmine.data.shingles.ngrams import words_of
from negmine.data.shingles.words import normalise_all
from negmine.stages.filter.contamination.overlap import (
    LONG,
    SHORT,
    Limits,
    Matcher,
    index_grams,
)

AT_ONCE = 4_096  # texts that are cut into words at once
BYTES_A_WORD = 160  # of two indexes of n-grams and what they write on, and the text itself
EXACT, NGRAMS, SPAN, BY_VECTORS = TESTS = EVAL_TESTS
# A question mark at the end makes no other text; C, C++ and C# are three.
_PUNCTUATION = r"[\p{P}--[#&*%@/\\]]+"

Floats = NDArray[np.float32]
Lookup = Callable[[int, str, pl.Series], tuple[Ints, Floats] | None]


class How(NamedTuple):
    """What counts as contaminated: the tests that are on, and the share or cosine from which each fires."""

    tests: frozenset[str]
    ngrams: float
    span: float
    similarity: float

    @property
    def limits(self) -> Limits:
        """The limits of the tests by n-grams; a test that is off has one that nothing reaches."""
        return Limits(
            self.ngrams if NGRAMS in self.tests else 2.0, self.span if SPAN in self.tests else 2.0
        )


@dataclass
class Block:
    """Evaluation texts: set (a number), what, id, key of each. affected: those with a match, bool [texts].

    vectors: by `query` and `document`, the texts that have one, and the vectors, float32 [texts, dimensions].
    """

    rows: pl.DataFrame
    short: Matcher
    long: Matcher
    vectors: dict[str, tuple[Ints, Floats]]
    affected: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.affected = np.zeros(self.rows.height, np.bool_)
        numbered = self.rows.select("set", "key").with_row_index("evaluation")
        self.first = numbered.filter(pl.col("key") != "").unique(["set", "key"], keep="first")

    def affected_texts(self) -> NDArray[np.bool_]:
        """Return which texts had a match by any test."""
        return self.affected | self.short.affected | self.long.affected


def same_text_keys(texts: pl.Series) -> pl.Series:
    """Return texts without case, punctuation and repeated white space: equal ones are the same text.

    A text of nothing but punctuation keeps it. Signs that tell names apart (#, &, *, %, @, / and mathematical
    ones) count.
    """
    normalised = normalise_all(texts)
    words = normalised.str.replace_all(_PUNCTUATION, " ").str.replace_all(r"\s+", " ")
    stripped = words.str.strip_chars()
    return stripped.zip_with(stripped != "", normalised).alias("key")


def blocks(
    texts: Iterable[tuple[int, str, pl.DataFrame]], how: How, words: int, lookup: Lookup | None
) -> Iterator[Block]:
    """Yield the texts of evaluation sets in blocks of about this many words.

    texts: (set, what, id and text). lookup(set, what, ids): which of them have a vector, and the vectors.
    """
    waiting = _Waiting(how, lookup)
    for number, what, piece in texts:
        for rows in piece.iter_slices(AT_ONCE):
            waiting.add(number, what, rows)
            if waiting.words >= words:
                yield waiting.block()
                waiting = _Waiting(how, lookup)
    if waiting.rows:
        yield waiting.block()


class _Waiting:
    """Texts that become a block."""

    def __init__(self, how: How, lookup: Lookup | None) -> None:
        self._how, self._lookup = how, lookup
        self.rows: list[pl.DataFrame] = []
        self._words: list[Hashes] = []
        self._lengths: list[Ints] = []
        self._vectors: dict[str, list[tuple[Ints, Floats]]] = {}
        self.words = self._count = 0

    def add(self, number: int, what: str, rows: pl.DataFrame) -> None:
        words, offsets = words_of(rows["text"])
        self._words.append(words.copy())
        self._lengths.append(np.diff(offsets))
        self.words += len(words)
        if self._lookup is not None:
            vectors = self._lookup(number, what, rows["id"])
            if vectors is not None:
                self._vectors.setdefault(what, []).append((vectors[0] + self._count, vectors[1]))
        self._count += rows.height
        marks = (pl.lit(number).alias("set"), pl.lit(what).alias("what"), "id")
        self.rows.append(rows.select(*marks, same_text_keys(rows["text"])))

    def block(self) -> Block:
        rows, words = pl.concat(self.rows), np.concatenate(self._words)
        begins = np.concatenate([[0], np.cumsum(np.concatenate(self._lengths))]).astype(np.int64)
        set_of = rows["set"].cast(pl.Int64).to_numpy()
        short, long = (
            Matcher(index_grams(words, begins, set_of, size), self._how.limits, spans)
            for size, spans in ((SHORT, SPAN in self._how.tests), (LONG, False))
        )
        vectors = {
            what: (np.concatenate([a for a, _ in some]), np.concatenate([b for _, b in some]))
            for what, some in self._vectors.items()
        }
        return Block(rows, short, long, vectors)
