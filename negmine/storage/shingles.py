"""The shingles of a corpus on disk: how near-duplicates are found where there are no vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from negmine.data.frames import frame
from negmine.data.shingles.grams import Hashes, Ints, shingles_of, word_hashes
from negmine.data.shingles.jaccard import Sets
from negmine.data.shingles.words import normalise_all, separate_words
from negmine.storage.arrays import check_offsets, open_array
from negmine.storage.files import write_array

OFFSETS, SHINGLES = "offsets.npy", "shingles.npy"
_STEP = 4_096  # documents that are cut into words at once


def build(
    documents: Iterable[pa.Table], folder: Path, advance: Callable[[int], None]
) -> dict[str, Any]:
    """Write `offsets.npy` (int64 [documents + 1]) and `shingles.npy` (uint64, sorted within a document).

    documents: tables with a `text` column. advance: gets the number of rows of each. Returns the manifest's
    stats: documents, shingles.
    """
    vocabulary: dict[int, int] = {}
    parts: list[Hashes] = [np.empty(0, np.uint64)]
    counts: list[Ints] = [np.zeros(1, np.int64)]
    for table in documents:
        for rows in frame(table).iter_slices(_STEP):
            words, offsets = word_hashes(separate_words(normalise_all(rows["text"])))
            hashes, offsets = shingles_of(_numbers(words, vocabulary), offsets)
            parts.append(hashes.copy())  # its words' memory is freed
            counts.append(np.diff(offsets))
        advance(table.num_rows)
    offsets = np.cumsum(np.concatenate(counts))
    write_array(folder / OFFSETS, offsets)
    write_array(folder / SHINGLES, np.concatenate(parts))
    return {"documents": len(offsets) - 1, "shingles": int(offsets[-1])}


def open_index(folder: Path, documents: int) -> Sets:
    """Return the sets that `build` wrote, memory-mapped: one per document, by position.

    Raises CorruptArtifact for other files, or another number of documents.
    """
    hashes = open_array(folder / SHINGLES, np.uint64, (None,))
    offsets = open_array(folder / OFFSETS, np.int64, (documents + 1,), mapped=False)
    check_offsets(folder / OFFSETS, offsets, len(hashes))
    return Sets(hashes, offsets)


def _numbers(words: Hashes, vocabulary: dict[int, int]) -> Hashes:
    """Return the number of every word: its place in the vocabulary, which takes in new ones as they come."""
    distinct, first, places = np.unique(words, return_index=True, return_inverse=True)
    numbers = np.empty(len(distinct), np.uint64)
    for place in np.argsort(first):
        numbers[place] = vocabulary.setdefault(int(distinct[place]), len(vocabulary))
    return numbers[places]
