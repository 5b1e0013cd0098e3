"""How much of an evaluation text stands in a training text, by word n-grams.

The n-grams of evaluation texts are indexed, training texts pass by. For an evaluation text E of w words, a
training text T and a size n, `hit(i)` says that the n-gram of E that begins at word i stands anywhere in T:

- longest_match = (longest run of consecutive hits + n - 1) / w. It is the "longest contaminated span" of ConTAM
  (arXiv 2411.03923), which advises a small n and no frequency cut-off; the formula is ours, built to say that.
- ngram_match = hits / (w - n + 1)
- token_match = words of E inside a hit / w
- contained = the larger of ngram_match and the share of the n-grams of T that stand in E.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.data.jit import compiled, read_only
from negmine.data.shingles.grams import Hashes, Ints
from negmine.data.shingles.ngrams import gram_hashes, words_of

SHORT = 8  # words of an n-gram: spans, and texts of fewer than LONG words
LONG = 13  # words of an n-gram of a text that has as many
_BITS_PER_GRAM = 16  # of the filter that most n-grams of training texts end at

Floats = NDArray[np.float64]


class Nearest(NamedTuple):
    """What is most alike in each evaluation set, [training texts, sets]; text -1 where nothing is alike.

    contained, longest_match: shares; contained_in, longest_in: the evaluation text's number. token_match,
    ngram_match, span_start, span_words: of the text in longest_in; words are counted from 0.
    """

    contained: Floats
    contained_in: Ints
    longest_match: Floats
    longest_in: Ints
    token_match: Floats
    ngram_match: Floats
    span_start: Ints
    span_words: Ints

    @classmethod
    def empty(cls, texts: int, sets: int) -> Nearest:
        """Return shares of 0 of no text."""
        shape = (texts, sets)
        share, longest, token, ngram = (np.zeros(shape) for _ in range(4))
        inside, span_in, start, words = (np.full(shape, -1, np.int64) for _ in range(4))
        return cls(share, inside, longest, span_in, token, ngram, start, words)


class Limits(NamedTuple):
    """The shares from which a text counts as contaminated; above 1: never."""

    contained: float
    longest: float


class GramIndex(NamedTuple):
    """The n-grams of evaluation texts of at least `size` words.

    keys: distinct hashes, sorted; key k stands at places[starts[k]:starts[k + 1]], numbers of words. begins:
    where each text begins. text_of: the text of each word, set_of: the set of each text. bits: a filter by the
    hashes' highest bits, which are left when `shift` bits are cut off.
    """

    size: int
    shift: int
    keys: Hashes
    starts: Ints
    places: Ints
    begins: Ints
    text_of: Ints
    set_of: Ints
    bits: NDArray[np.uint8]


class _State(NamedTuple):
    """What a comparison writes on: per word of an evaluation text, or per text."""

    hits: Ints  # the training text that last had the n-gram that begins here
    touched: Ints  # the training text that last had an n-gram of this text
    common: Ints  # how many of its n-grams stand in this text
    listed: Ints  # the texts that are touched now
    affected: NDArray[np.bool_]


def index_grams(words: Hashes, begins: Ints, set_of: Ints, size: int) -> GramIndex:
    """Index the n-grams of texts (see `words_of`); set_of: int64 [texts]."""
    grams = gram_hashes(words, begins, size)
    at = np.flatnonzero(grams)
    order = at[np.argsort(grams[at], kind="stable")]
    keys, starts = np.unique(grams[order], return_index=True)
    highest = max(16, (len(keys) * _BITS_PER_GRAM).bit_length())  # bits of a hash
    bits, shift = np.zeros(1 << (highest - 3), np.uint8), 64 - highest
    bit = keys >> np.uint64(shift)
    masks = (np.uint64(1) << (bit & np.uint64(7))).astype(np.uint8)
    np.bitwise_or.at(bits, (bit >> np.uint64(3)).astype(np.int64), masks)
    text_of = np.repeat(np.arange(len(begins) - 1), np.diff(begins))
    ends = np.append(starts, len(order)).astype(np.int64)
    arrays: tuple[NDArray[Any], ...] = (keys, ends, order, begins, text_of, set_of, bits)
    return GramIndex(size, shift, *(read_only(one) for one in arrays))


class Matcher:
    """Compares training texts with the texts of an index, one batch after the other.

    limits: what counts as contaminated. spans: look at longest_match, too. Texts of fewer than LONG words are
    contained by n-grams of SHORT words, others by n-grams of LONG words.
    """

    def __init__(self, index: GramIndex, limits: Limits, spans: bool) -> None:
        self._index, self._limits, self._spans = index, limits, spans
        texts, self._done = len(index.begins) - 1, 0
        unused = np.full(len(index.text_of), -1, np.int64), np.full(texts, -1, np.int64)
        counts = np.zeros(texts, np.int64), np.zeros(texts, np.int64)
        self._state = _State(*unused, *counts, np.zeros(texts, np.bool_))

    @property
    def affected(self) -> NDArray[np.bool_]:
        """Which evaluation texts were contaminating so far, bool [texts]."""
        return self._state.affected

    def compare(self, words: Hashes, offsets: Ints, nearest: Nearest) -> None:
        """Raise what `nearest` holds to what is alike in these texts (see `words_of`)."""
        grams = gram_hashes(words, offsets, self._index.size)
        least = LONG if self._index.size == SHORT else 0
        limits = (*self._limits, self._spans, least, self._done)
        arrays = read_only(grams), read_only(offsets)
        _kernel()(*arrays, self._index, self._state, limits, nearest)
        self._done += len(offsets) - 1


class Overlap(NamedTuple):
    """How much of an evaluation text stands in a training text (see above), and where the span begins."""

    longest_match: float
    token_match: float
    ngram_match: float
    span_start: int
    span_words: int


def overlap(evaluation: str, training: str, size: int = SHORT) -> Overlap:
    """Compare two texts by n-grams of `size` words: 0, and a span of -1, where none is common."""
    words, begins = words_of(pl.Series([evaluation]))
    index = index_grams(words, begins, np.zeros(1, np.int64), size)
    nearest = Nearest.empty(1, 1)
    Matcher(index, Limits(2.0, 2.0), True).compare(*words_of(pl.Series([training])), nearest)
    return Overlap(
        float(nearest.longest_match[0, 0]),
        float(nearest.token_match[0, 0]),
        float(nearest.ngram_match[0, 0]),
        int(nearest.span_start[0, 0]),
        int(nearest.span_words[0, 0]),
    )


@cache
def _kernel() -> Callable[..., Any]:
    from numba.extending import register_jitable

    for function in (_place_of, _mark, _measured):
        register_jitable(function)  # so that compiled code can call it
    return compiled(_compare)


def _compare(
    grams: Hashes,
    offsets: Ints,
    index: GramIndex,
    state: _State,
    limits: tuple[float, float, bool, int, int],
    nearest: Nearest,
) -> None:
    """Compare every training text with all evaluation texts that have an n-gram of it."""
    most, most_span, spans, least, done = limits
    for text in range(len(offsets) - 1):
        words = offsets[text + 1] - offsets[text]
        count = _mark(grams[offsets[text] : offsets[text + 1]], done + text, index, state)
        for item in range(count):
            other = state.listed[item]
            its_words = index.begins[other + 1] - index.begins[other]
            found, longest, start, covered = _measured(other, done + text, index, state)
            of_evaluation = found / (its_words - index.size + 1)
            share = of_evaluation if its_words < least or least == 0 else 0.0
            if words < least or least == 0:
                share = max(share, state.common[other] / (words - index.size + 1))
            span = longest / its_words
            if share >= most or (spans and span >= most_span):
                state.affected[other] = True
            at = index.set_of[other]
            best, before = nearest.contained[text, at], nearest.contained_in[text, at]
            if share > best or (share == best and share > 0 and other < before):
                nearest.contained[text, at], nearest.contained_in[text, at] = share, other
            best, before = nearest.longest_match[text, at], nearest.longest_in[text, at]
            if spans and (span > best or (span == best and other < before)):
                nearest.longest_match[text, at], nearest.longest_in[text, at] = span, other
                nearest.token_match[text, at] = covered / its_words
                nearest.ngram_match[text, at] = of_evaluation
                nearest.span_start[text, at], nearest.span_words[text, at] = start, longest


def _place_of(gram: Any, index: GramIndex) -> int:
    """Return the place of a hash among the keys, or -1."""
    bit = gram >> np.uint64(index.shift)
    byte = np.uint64(index.bits[np.int64(bit >> np.uint64(3))])
    if gram == 0 or (byte >> (bit & np.uint64(7))) & np.uint64(1) == 0:
        return -1
    low, high = 0, len(index.keys)
    while low < high:
        middle = (low + high) // 2
        if index.keys[middle] < gram:
            low = middle + 1
        else:
            high = middle
    return low if low < len(index.keys) and index.keys[low] == gram else -1


def _mark(grams: Hashes, now: int, index: GramIndex, state: _State) -> int:
    """Mark where the n-grams of training text `now` stand; list the texts, and return how many they are."""
    count = 0
    for gram in grams:
        key, last = _place_of(gram, index), -1
        if key < 0:
            continue
        for posting in range(index.starts[key], index.starts[key + 1]):
            where = index.places[posting]
            other = index.text_of[where]
            state.hits[where] = now
            if state.touched[other] != now:
                state.touched[other], state.common[other] = now, 0
                state.listed[count] = other
                count += 1
            if other != last:  # the places of one text stand together
                state.common[other] += 1
                last = other
    return count


def _measured(other: int, now: int, index: GramIndex, state: _State) -> tuple[int, int, int, int]:
    """Return the hits in an evaluation text, words and begin of its longest span, words inside of hits."""
    first, end, size = index.begins[other], index.begins[other + 1], index.size
    found = run = longest = start = covered = 0
    covered_to = first
    for where in range(first, end - size + 1):
        if state.hits[where] != now:
            run = 0
            continue
        found, run = found + 1, run + 1
        covered += where + size - max(where, covered_to)
        covered_to = where + size
        if run > longest:
            longest, start = run, where - run + 1 - first
    return found, longest + size - 1, start, covered
