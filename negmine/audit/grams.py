"""Word 3-grams of texts and their Jaccard similarity, as in `negmine.shingles`, for texts in a stream.

Jaccard(A, B) = |A & B| / |A | B| over the sets of word 3-grams (Broder 1997, "resemblance"); a text of one
or two words is one shingle. A shingle is 32 bits of its hash: for two texts of 300 words the chance that
an accident moves their likeness at all is 2e-5, and it moves it by 1/300.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.audit.keys import words

Ints = NDArray[np.int64]


def grams(normalised: pl.Series) -> pl.Series:
    """Return the sorted, distinct shingles of every normalised text: a series of lists of uint32."""
    texts = words(normalised).to_arrow(compat_level=pl.CompatLevel.oldest())
    texts = texts.cast(pa.large_string())
    _, places, data = texts.buffers()
    offsets = np.frombuffer(places, np.int64, len(texts) + 1, texts.offset * 8)
    raw = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    room = np.empty(int(offsets[-1] - offsets[0]) // 2 + len(texts) + 1, np.uint32)
    ends = np.zeros(len(texts) + 1, np.int64)
    _shingle()(raw, offsets, room, ends)
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
    _compare()(values, offsets, left, right, result)
    return result


@cache
def _mix() -> Callable[..., Any]:
    """Return splitmix64 (Steele, Lea and Flood 2014), compiled."""
    import numba

    golden = np.uint64(0x9E3779B97F4A7C15)
    m1, m2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
    s27, s30, s31 = np.uint64(27), np.uint64(30), np.uint64(31)

    @numba.njit(nogil=True)
    def mix(x):  # type: ignore[no-untyped-def]
        x = x + golden
        x = (x ^ (x >> s30)) * m1
        x = (x ^ (x >> s27)) * m2
        return x ^ (x >> s31)

    kernel: Callable[..., Any] = mix
    return kernel


@cache
def _distinct() -> Callable[..., Any]:
    """Return what sorts room[start:end], leaves each value once, and returns the new end; compiled."""
    import numba

    @numba.njit(nogil=True)
    def distinct(room, start, end):  # type: ignore[no-untyped-def]
        room[start:end].sort()
        total = start
        for place in range(start, end):
            if place == start or room[place] != room[total - 1]:
                room[total] = room[place]
                total += 1
        return total

    kernel: Callable[..., Any] = distinct
    return kernel


@cache
def _shingle() -> Callable[..., None]:
    import numba

    mix, distinct = _mix(), _distinct()
    prime, basis = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)  # FNV-1a, 64 bits
    nothing, half = np.uint64(0), np.uint64(32)

    @numba.njit(nogil=True)
    def is_word(c):  # type: ignore[no-untyped-def]
        return 97 <= c <= 122 or 48 <= c <= 57 or c == 95 or c >= 128

    @numba.njit(nogil=True)
    def shingle(raw, offsets, room, ends):  # type: ignore[no-untyped-def]
        total = 0
        for text in range(len(offsets) - 1):
            start, count, inside = total, 0, False
            before, last, word = nothing, nothing, basis  # the two words before, and this one
            end = offsets[text + 1]
            for place in range(offsets[text], end + 1):
                if place < end and is_word(raw[place]):
                    word = (word ^ np.uint64(raw[place])) * prime
                    inside = True
                elif inside:
                    count += 1
                    now = mix(word)
                    if count > 2:
                        room[total] = np.uint32(mix(mix(mix(before) ^ last) ^ now) >> half)
                        total += 1
                    before, last, word, inside = last, now, basis, False
            if 0 < count < 3:  # the word before the only one is nothing
                room[total] = np.uint32(mix(mix(before) ^ last) >> half)
                total += 1
            total = distinct(room, start, total)
            ends[text + 1] = total

    kernel: Callable[..., None] = shingle
    return kernel


@cache
def _compare() -> Callable[..., None]:
    import numba

    @numba.njit(nogil=True)
    def compare(values, offsets, left, right, result):  # type: ignore[no-untyped-def]
        for pair in range(len(left)):
            a, a_end = offsets[left[pair]], offsets[left[pair] + 1]
            b, b_end = offsets[right[pair]], offsets[right[pair] + 1]
            size = (a_end - a) + (b_end - b)
            common = 0
            while a < a_end and b < b_end:
                x, y = values[a], values[b]
                common += x == y
                a += x <= y
                b += y <= x
            result[pair] = common / (size - common) if size > common else 0.0

    kernel: Callable[..., None] = compare
    return kernel
