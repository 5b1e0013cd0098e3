"""Word n-grams in their places: which hash stands where in a text, repeats included."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from negmine.data.hashing import GOLDEN, splitmix64
from negmine.data.jit import compiled, read_only
from negmine.data.shingles.grams import Hashes, Ints, word_hashes
from negmine.data.shingles.words import normalise_all, separate_words


def words_of(texts: pl.Series) -> tuple[Hashes, Ints]:
    """Return the hash of every word, uint64 [words], and where each text begins, int64 [texts + 1].

    Case, punctuation and white space do not count (docs/reference/tokens.md).
    """
    return word_hashes(separate_words(normalise_all(texts)))


def gram_hashes(words: Hashes, offsets: Ints, size: int) -> Hashes:
    """Return the hash of the `size` words that begin at each word, uint64 [words].

    words, offsets: see `words_of`. 0 where the text has fewer than `size` words from there on.
    """
    grams = np.zeros(len(words), np.uint64)
    _hasher()(read_only(words), read_only(offsets), size, grams)
    return grams


@cache
def _hasher() -> Callable[..., Any]:
    from numba.extending import register_jitable

    register_jitable(splitmix64)  # so that compiled code can call it
    return compiled(_hash_grams)


def _hash_grams(words: Hashes, offsets: Ints, size: int, grams: Hashes) -> None:
    for text in range(len(offsets) - 1):
        for place in range(offsets[text], offsets[text + 1] - size + 1):
            mixed: Any = np.uint64(size)
            for word in range(place, place + size):
                mixed = splitmix64(mixed ^ splitmix64(words[word] + GOLDEN))
            grams[place] = mixed | np.uint64(1)  # 0 means: no n-gram
