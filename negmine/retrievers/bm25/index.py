"""From token ids to postings: for every token the documents that have it, with its score in each.

The folder holds a sparse matrix in column order (CSC, one column per token):

    starts.npy     int64 [vocabulary + 1]   where a token's postings begin
    documents.npy  int32 [postings]         positions of documents, ascending within a token
    scores.npy     float32 [postings]       what the token adds to the document's score

The numbers are those of `bm25s.BM25.index` (formula.py). Counted terms wait in an unnamed file and are
sorted into memory-mapped arrays, so memory holds one batch, not the corpus.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from negmine.retrievers.bm25.formula import Formula
from negmine.storage.files import new_mapped, spill_file, write_array

STARTS, DOCUMENTS, SCORES = "starts.npy", "documents.npy", "scores.npy"
POSTINGS_AT_ONCE = 1 << 20

_POSTING = np.dtype([("token", np.int32), ("document", np.int32), ("count", np.float32)])


class TokenLists(NamedTuple):
    """Token ids of several texts, end to end: ids int32 [tokens], lengths int64 [texts]."""

    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Return int64 [texts + 1]: text i is ids[offsets[i]:offsets[i + 1]]."""
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(self.lengths)])

    def lists(self) -> list[list[int]]:
        """Return every text's ids as a list."""
        flat, offsets = self.ids.tolist(), self.offsets.tolist()
        return [flat[a:b] for a, b in pairwise(offsets)]


def write_postings(batches: Iterable[TokenLists], folder: Path, formula: Formula) -> None:
    """Write the three arrays of an index. Documents are numbered in the order they come."""
    lengths = [np.zeros(0, np.int64)]
    frequencies = np.zeros(0, np.int64)
    documents = 0
    with spill_file(folder) as spill:
        for batch in batches:
            postings = _counted(batch, documents)
            postings.tofile(spill)
            frequencies = _added(frequencies, np.bincount(postings["token"]))
            lengths.append(batch.lengths)
            documents += len(batch.lengths)
        spill.seek(0)
        _sort_and_score(spill, frequencies, np.concatenate(lengths), folder, formula)


def _counted(batch: TokenLists, first_document: int) -> NDArray[np.void]:
    """Count the tokens of every document; `_POSTING` records ordered by (document, token)."""
    vocabulary = int(batch.ids.max(initial=-1)) + 1
    document = np.repeat(np.arange(len(batch.lengths), dtype=np.int64), batch.lengths)
    keys, counts = np.unique(document * vocabulary + batch.ids, return_counts=True)
    postings = np.empty(len(keys), _POSTING)
    if len(keys):
        postings["document"], postings["token"] = np.divmod(keys, vocabulary)
    postings["document"] += first_document
    postings["count"] = counts
    return postings


def _added(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a + b, the shorter of them filled up with zeros."""
    total = np.zeros(max(len(a), len(b)), np.int64)
    total[: len(a)] += a
    total[: len(b)] += b
    return total


def _sort_and_score(
    spill: IO[bytes],
    frequencies: NDArray[np.int64],
    lengths: NDArray[np.int64],
    folder: Path,
    formula: Formula,
) -> None:
    """Sort postings from document order into token order, a part at a time, and score them."""
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(frequencies)])
    write_array(folder / STARTS, starts)
    shape = (int(starts[-1]),)
    documents = new_mapped(folder / DOCUMENTS, np.int32, shape)
    scores = new_mapped(folder / SCORES, np.float32, shape)
    idf = formula.idf(frequencies, len(lengths))
    free = starts[:-1].copy()
    while len(postings := np.fromfile(spill, _POSTING, POSTINGS_AT_ONCE)):
        postings = postings[np.argsort(postings["token"], kind="stable")]
        tokens, first, size = np.unique(postings["token"], return_index=True, return_counts=True)
        places = np.arange(len(postings)) + np.repeat(free[tokens] - first, size)
        free[tokens] += size
        documents[places] = postings["document"]
        scores[places] = _scores(formula, postings, idf, lengths)
    documents.flush()
    scores.flush()


def _scores(
    formula: Formula,
    postings: NDArray[np.void],
    idf: NDArray[np.float32],
    lengths: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Return idf x term frequency component; float32 [postings]."""
    component = formula.term_frequency(
        postings["count"], lengths[postings["document"]], lengths.sum() / len(lengths)
    )
    return np.asarray(idf[postings["token"]] * component, dtype=np.float32)
