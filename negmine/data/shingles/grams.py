"""Hashes of word 3-grams: the shingles of many texts at once.

A word is a 64-bit number: its FNV-1a hash, or its place in a vocabulary. A shingle is the hash of the numbers
of three words in a row. A text of one or two words is one shingle; a text without words has none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.hashing import GOLDEN, splitmix64
from negmine.data.jit import compiled, read_only

SIZE = 3  # words of a shingle
FNV_PRIME, FNV_BASIS = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


def word_hashes(separated: pl.Series) -> tuple[Hashes, Ints]:
    """Return the FNV-1a hash of every word, uint64 [words], and where each text begins, int64 [texts + 1].

    separated: texts as `separate_words` returns them.
    """
    texts = separated.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.large_string())
    _, begins, data = texts.buffers()
    begins = np.frombuffer(begins, np.int64, len(texts) + 1, texts.offset * 8)
    characters = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    most = int(begins[-1] - begins[0]) // 2 + len(
        texts
    )  # a word and the blank behind it: two bytes
    words, offsets = np.empty(most, np.uint64), np.zeros(len(texts) + 1, np.int64)
    compiled(_hash_words)(read_only(characters), read_only(begins), words, offsets)
    return words[: offsets[-1]], offsets


def shingles_of(words: Hashes, offsets: Ints, bits: int = 64) -> tuple[Hashes, Ints]:
    """Return the sorted, distinct shingles of every text, and where each text begins.

    words: the numbers of all words, uint64 [words]; they are overwritten. Text t has
    words[offsets[t]:offsets[t + 1]]. bits: how many bits of a hash to keep, from the highest.

    With 32 bits two texts of 300 words change their Jaccard similarity by accident with probability 2e-5, and
    then by 1/300.
    """
    ends = np.zeros(len(offsets), np.int64)
    _mixer()(words, read_only(offsets), np.uint64(64 - bits), ends)
    compiled(_sort_distinct)(words, ends)
    return words[: ends[-1]], ends


def _hash_words(characters: NDArray[np.uint8], begins: Ints, words: Hashes, offsets: Ints) -> None:
    """Write the hash of every run of [a-z0-9_] and non-ASCII bytes into `words`."""
    count = 0
    for text in range(len(begins) - 1):
        word, inside = FNV_BASIS, False
        for place in range(begins[text], begins[text + 1]):
            c = characters[place]
            if 97 <= c <= 122 or 48 <= c <= 57 or c == 95 or c >= 128:
                word = (word ^ np.uint64(c)) * FNV_PRIME
                inside = True
            elif inside:
                words[count] = word
                count += 1
                word, inside = FNV_BASIS, False
        if inside:
            words[count] = word
            count += 1
        offsets[text + 1] = count


@cache
def _mixer() -> Callable[..., Any]:
    from numba.extending import register_jitable

    register_jitable(splitmix64)  # so that compiled code can call it
    return compiled(_mix_words)


def _mix_words(words: Hashes, offsets: Ints, shift: np.uint64, ends: Ints) -> None:
    """Write the shingles of every text over the words; those of text t end at ends[t + 1]."""
    count = 0
    for text in range(len(offsets) - 1):
        first, end = offsets[text], offsets[text + 1]
        for place in range(first, end):
            words[place] = splitmix64(words[place] + GOLDEN)  # small numbers differ in few bits
        size = min(SIZE, end - first)
        for place in range(first, end - max(size, 1) + 1):
            mixed: Any = np.uint64(size)
            for word in range(place, place + size):
                mixed = splitmix64(mixed ^ words[word])
            words[count] = mixed >> shift  # count <= place: a word that is not read again
            count += 1
        ends[text + 1] = count


def _sort_distinct(hashes: Hashes, ends: Ints) -> None:
    """Sort the hashes of every text, keep each once, and close the gaps."""
    count = start = 0
    for text in range(len(ends) - 1):
        end, first = ends[text + 1], count
        ordered = np.sort(hashes[start:end])
        for place in range(len(ordered)):
            if count == first or ordered[place] != hashes[count - 1]:
                hashes[count] = ordered[place]
                count += 1
        start = end
        ends[text + 1] = count
