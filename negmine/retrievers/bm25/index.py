"""From token ids to postings (retrievers/postings): what every token adds to the score of its documents.

The numbers are those of `bm25s.BM25.index` (formula.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from negmine.data.sparse_rows import offsets_of
from negmine.retrievers.bm25.formula import Formula
from negmine.retrievers.postings.write import POSTING, Postings, Scored, write_postings


class TokenLists(NamedTuple):
    """Token ids of several texts, end to end: ids int32 [tokens], lengths int64 [texts]."""

    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Return int64 [texts + 1]: text i is ids[offsets[i]:offsets[i + 1]]."""
        return offsets_of(self.lengths)

    def lists(self) -> list[list[int]]:
        """Return every text's ids as a list."""
        flat, offsets = self.ids.tolist(), self.offsets.tolist()
        return [flat[a:b] for a, b in pairwise(offsets)]


def write_index(batches: Iterable[TokenLists], folder: Path, formula: Formula) -> None:
    """Write the postings of an index. Documents are numbered in the order they come."""
    lengths = [np.zeros(0, np.int64)]

    def counted() -> Iterator[Postings]:
        documents = 0
        for batch in batches:
            yield _counted(batch, documents)
            lengths.append(batch.lengths)
            documents += len(batch.lengths)

    def scorer(frequencies: NDArray[np.int64]) -> Scored:
        every = np.concatenate(lengths)
        return partial(_scores, formula, idf=formula.idf(frequencies, len(every)), lengths=every)

    write_postings(counted(), folder, scorer)


def _counted(batch: TokenLists, first_document: int) -> Postings:
    """Count the tokens of every document; `POSTING` records ordered by (document, token)."""
    vocabulary = int(batch.ids.max(initial=-1)) + 1
    document = np.repeat(np.arange(len(batch.lengths), dtype=np.int64), batch.lengths)
    keys, counts = np.unique(document * vocabulary + batch.ids, return_counts=True)
    postings = np.empty(len(keys), POSTING)
    if len(keys):
        postings["document"], postings["token"] = np.divmod(keys, vocabulary)
    postings["document"] += first_document
    postings["value"] = counts
    return postings


def _scores(
    formula: Formula, postings: Postings, idf: NDArray[np.float32], lengths: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return idf x term frequency component; float32 [postings]."""
    component = formula.term_frequency(
        postings["value"], lengths[postings["document"]], lengths.sum() / len(lengths)
    )
    return np.asarray(idf[postings["token"]] * component, dtype=np.float32)
