"""From what documents have to postings: for every token the documents that have it, with a score each.

The folder holds a sparse matrix in column order (CSC, one column per token):

    starts.npy     int64 [tokens + 1]   where a token's postings begin
    documents.npy  int32 [postings]     positions of documents, ascending within a token
    scores.npy     float32 [postings]   what the token adds to the document's score, or a number that says it

Postings come in the order of documents. They wait in an unnamed file and are sorted into memory-mapped
arrays, so memory holds one batch, not the corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from negmine.data.sparse_rows import offsets_of
from negmine.storage.files import new_mapped, spill_file, write_array

STARTS, DOCUMENTS, SCORES = FILES = ("starts.npy", "documents.npy", "scores.npy")
POSTINGS_AT_ONCE = 1 << 20

POSTING = np.dtype([("token", np.int32), ("document", np.int32), ("value", np.float32)])
Postings = NDArray[np.void]
Scored = Callable[[Postings], NDArray[Any]]


def write_postings(
    batches: Iterable[Postings],
    folder: Path,
    scorer: Callable[[NDArray[np.int64]], Scored] = lambda frequencies: (
        lambda postings: postings["value"]
    ),
    tokens: int = 0,
    files: tuple[str, str, str] = FILES,
    dtype: DTypeLike = np.float32,
) -> NDArray[np.int64]:
    """Write the three arrays; return how many documents each token has, int64 [tokens].

    batches: `POSTING` records, by document. scorer: gets those frequencies when all batches have come, and
    returns what makes scores of postings; without it, their values are the scores. tokens: how many there are
    at least. dtype: of the scores.
    """
    frequencies = np.zeros(tokens, np.int64)
    with spill_file(folder) as spill:
        for postings in batches:
            postings.tofile(spill)
            frequencies = _added(frequencies, np.bincount(postings["token"]))
        spill.seek(0)
        _sort(spill, frequencies, folder, files, scorer(frequencies), dtype)
    return frequencies


def _added(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a + b, the shorter of them filled up with zeros."""
    total = np.zeros(max(len(a), len(b)), np.int64)
    total[: len(a)] += a
    total[: len(b)] += b
    return total


def _sort(
    spill: IO[bytes],
    frequencies: NDArray[np.int64],
    folder: Path,
    files: tuple[str, str, str],
    scored: Scored,
    dtype: DTypeLike,
) -> None:
    """Sort postings from document order into token order, a part at a time, and score them."""
    starts = offsets_of(frequencies)
    write_array(folder / files[0], starts)
    shape = (int(starts[-1]),)
    documents = new_mapped(folder / files[1], np.int32, shape)
    scores = new_mapped(folder / files[2], dtype, shape)
    free = starts[:-1].copy()
    while len(postings := np.fromfile(spill, POSTING, POSTINGS_AT_ONCE)):
        postings = postings[np.argsort(postings["token"], kind="stable")]
        tokens, first, size = np.unique(postings["token"], return_index=True, return_counts=True)
        places = np.arange(len(postings)) + np.repeat(free[tokens] - first, size)
        free[tokens] += size
        documents[places] = postings["document"]
        scores[places] = scored(postings)
    documents.flush()
    scores.flush()
