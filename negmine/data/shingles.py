"""Word 3-grams of every document: how near-duplicates are told where there are no vectors.

Jaccard(A, B) = |A & B| / |A | B| over the sets of word 3-grams (Broder 1997, "resemblance"). Words are
BM25's tokens, unstemmed, so scripts without spaces work. A text of one or two words is one shingle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.hashing import GOLDEN, splitmix64
from negmine.data.similarity import Ints, Likeness
from negmine.data.tokens import Tokenizer

SIZE = 3


def build(
    documents: Iterable[pa.Table], folder: Path, advance: Callable[[int], None]
) -> dict[str, Any]:
    """Write `offsets.npy` (int64) and `shingles.npy` (uint64, sorted within a document).

    `documents`: tables with a `text` column. Returns the manifest's stats.
    """
    words: dict[str, int] = {}
    tokenizer = Tokenizer()
    rows: list[NDArray[np.uint64]] = []
    for table in documents:
        for text in table["text"].to_pylist():
            numbers = [words.setdefault(word, len(words)) for word in tokenizer.tokens(text)]
            rows.append(shingles_of(np.array(numbers, np.uint64)))
        advance(table.num_rows)
    counts = np.fromiter((len(row) for row in rows), np.int64, len(rows))
    np.save(folder / "offsets.npy", np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))
    np.save(folder / "shingles.npy", np.concatenate([*rows, np.empty(0, np.uint64)]))
    return {"documents": len(rows), "shingles": int(counts.sum())}


def shingles_of(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the sorted, distinct hashes of a document's word 3-grams."""
    if not len(words):
        return words
    size = min(SIZE, len(words))
    scattered = splitmix64(words + GOLDEN)  # small numbers would cancel each other out
    mixed = np.full(len(words) - size + 1, size, np.uint64)
    for place in range(size):
        mixed = splitmix64(mixed ^ scattered[place : len(words) - size + 1 + place])
    return np.unique(mixed)


class Shingles:
    """The finished index, memory-mapped."""

    def __init__(self, offsets: NDArray[np.int64], hashes: NDArray[np.uint64]) -> None:
        self._offsets, self._hashes = offsets, hashes

    def likeness(
        self, docs: Ints, doc_offsets: Ints, positives: Ints, positive_offsets: Ints
    ) -> Likeness:
        """Return the largest and the mean Jaccard similarity of every document to its group's positives.

        Group g is docs[doc_offsets[g]:doc_offsets[g+1]] against its slice of `positives`. A document
        without words is like nothing (0); NaN where a group has no positives.
        """
        empty = np.repeat(np.diff(positive_offsets) == 0, np.diff(doc_offsets))
        found = Likeness(*(np.where(empty, np.float32(np.nan), np.float32(0)) for _ in range(2)))
        groups = (docs, doc_offsets, positives, positive_offsets)
        _kernel()(self._offsets, self._hashes, *groups, found.largest, found.mean)
        return found


def open_index(folder: Path) -> Shingles:
    """Open what `build` wrote."""
    return Shingles(
        np.load(folder / "offsets.npy"), np.load(folder / "shingles.npy", mmap_mode="r")
    )


@cache
def _kernel() -> Callable[..., None]:
    import numba

    @numba.njit(nogil=True)
    def closest(  # type: ignore[no-untyped-def]
        offsets, hashes, docs, doc_offsets, positives, positive_offsets, largest, mean
    ):
        for group in range(len(doc_offsets) - 1):
            count = positive_offsets[group + 1] - positive_offsets[group]
            for place in range(doc_offsets[group], doc_offsets[group + 1]):
                a, a_end = offsets[docs[place]], offsets[docs[place] + 1]
                for other in range(positive_offsets[group], positive_offsets[group + 1]):
                    b, b_end = offsets[positives[other]], offsets[positives[other] + 1]
                    i, j, common = a, b, 0
                    while i < a_end and j < b_end:
                        x, y = hashes[i], hashes[j]
                        common += x == y
                        i += x <= y
                        j += y <= x
                    union = (a_end - a) + (b_end - b) - common
                    if union > 0:
                        largest[place] = max(largest[place], common / union)
                        mean[place] += common / union / count

    kernel: Callable[..., None] = closest
    return kernel
