"""Word 3-grams of texts and their Jaccard similarity, as in `negmine.data.shingles`, for texts in a stream.

Jaccard(A, B) = |A & B| / |A | B| over the sets of word 3-grams (Broder 1997, "resemblance"); a text of one
or two words is one shingle. A shingle is 32 bits of its hash: for two texts of 300 words the chance that
an accident moves their likeness at all is 2e-5, and it moves it by 1/300.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.analysis.lint.keys import words
from negmine.data.jit import compiled, read_only

Ints = NDArray[np.int64]
PRIME, BASIS = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)  # of FNV-1a, 64 bits
# splitmix64's constants (Steele, Lea and Flood 2014)
STEP = np.uint64(0x9E3779B97F4A7C15)
M1, M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
NOTHING, S27, S30 = np.uint64(0), np.uint64(27), np.uint64(30)
S31, S32 = np.uint64(31), np.uint64(32)


def grams(normalised: pl.Series) -> pl.Series:
    """Return the sorted, distinct shingles of every normalised text: a series of lists of uint32."""
    texts = words(normalised).to_arrow(compat_level=pl.CompatLevel.oldest())
    texts = texts.cast(pa.large_string())
    _, places, data = texts.buffers()
    offsets = np.frombuffer(places, np.int64, len(texts) + 1, texts.offset * 8)
    raw = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    room = np.empty(int(offsets[-1] - offsets[0]) // 2 + len(texts) + 1, np.uint32)
    ends = np.zeros(len(texts) + 1, np.int64)
    compiled(_shingle)(read_only(raw), read_only(offsets), room, ends)
    compiled(_distinct)(room, ends)
    lists = pa.LargeListArray.from_arrays(pa.array(ends), pa.array(room[: ends[-1]]))
    return pl.Series("grams", pl.from_arrow(lists), pl.List(pl.UInt32))


def jaccard(sets: pl.Series, left: Ints, right: Ints) -> NDArray[np.float32]:
    """Return the Jaccard similarity of sets[left[j]] and sets[right[j]], float32 [pairs].

    Two empty sets are not alike: 0.
    """
    lists = sets.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.large_list(pa.uint32()))
    offsets = np.asarray(lists.offsets)
    result = np.empty(len(left), np.float32)
    values = np.asarray(lists.values)
    compiled(_compare)(*map(read_only, (values, offsets, left, right)), result)
    return result


def _shingle(
    raw: NDArray[np.uint8],
    offsets: Ints,
    room: NDArray[np.uint32],
    ends: Ints,
) -> None:
    """Write the shingles of every text into `room`, in their order; those of text t end at ends[t + 1]."""
    total = 0
    for text in range(len(offsets) - 1):
        count, inside = 0, False
        before, last, word = NOTHING, NOTHING, BASIS  # the two words before, and this one
        for place in range(offsets[text], offsets[text + 1] + 1):
            is_word = False
            if place < offsets[text + 1]:
                c = raw[place]
                is_word = 97 <= c <= 122 or 48 <= c <= 57 or c == 95 or c >= 128
            if is_word:
                word = (word ^ np.uint64(raw[place])) * PRIME
                inside = True
            elif inside:
                mixed = NOTHING
                for one in (before, last, word):
                    mixed = (mixed ^ one) + STEP
                    mixed = (mixed ^ (mixed >> S30)) * M1
                    mixed = (mixed ^ (mixed >> S27)) * M2
                    mixed = mixed ^ (mixed >> S31)
                room[total] = np.uint32(mixed >> S32)
                count += 1
                total += count > 2  # the next word writes over what is no 3-gram
                before, last, word, inside = last, word, BASIS, False
        total += 0 < count < 3
        ends[text + 1] = total


def _distinct(room: NDArray[np.uint32], ends: Ints) -> None:
    """Sort the shingles of every text, leave each once, and move all together."""
    total = start = 0
    for text in range(len(ends) - 1):
        end, first = ends[text + 1], total
        found = np.sort(room[start:end])
        for place in range(len(found)):
            if total == first or found[place] != room[total - 1]:
                room[total] = found[place]
                total += 1
        start = end
        ends[text + 1] = total


def _compare(
    values: NDArray[np.uint32],
    offsets: Ints,
    left: Ints,
    right: Ints,
    result: NDArray[np.float32],
) -> None:
    """Walk through two sorted sets at once, pair by pair."""
    for pair in range(len(left)):
        a, a_end = offsets[left[pair]], offsets[left[pair] + 1]
        b, b_end = offsets[right[pair]], offsets[right[pair] + 1]
        size, common = (a_end - a) + (b_end - b), 0
        while a < a_end and b < b_end:
            x, y = values[a], values[b]
            common += x == y
            a += x <= y
            b += y <= x
        result[pair] = common / (size - common) if size > common else 0.0
