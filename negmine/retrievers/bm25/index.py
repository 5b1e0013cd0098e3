"""From token ids to a shard's postings (retrievers/postings): counts, which no other shard changes.

What a token adds to a document's score depends on two numbers of the whole corpus, the token's document
frequency and the average length (world.py), and on two of the document: how often it has the token, and its
length. Of the last two, a shard has few distinct pairs: `pairs` lists them, and a posting has the number of its
pair. So an opened shard computes the formula once for each pair, and what it holds depends on no other shard.
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
from negmine.retrievers.postings.write import POSTING, Postings, Scored, write_postings
from negmine.storage.files import write_array

STARTS, DOCUMENTS, NUMBERS, PAIRS, IDS, LENGTHS, ORDER, BY_ORDER, WORDS = (
    "starts-{:05d}.npy", "documents-{:05d}.npy", "numbers-{:05d}.npy", "pairs-{:05d}.npy",
    "ids-{:05d}.npy", "lengths-{:05d}.npy", "order-{:05d}.npy", "by_order-{:05d}.npy",
    "words-{:05d}.parquet",
)  # fmt: skip


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


class Batch(NamedTuple):
    """Some documents of a shard. lengths: tokens of each, int64. postings: of these documents, by document.

    Tokens and documents of postings have their numbers in the shard.
    """

    lengths: NDArray[np.int64]
    postings: Postings


def posting_files(shard: int) -> tuple[str, str, str]:
    """Return the names of a shard's postings: starts, documents, numbers of pairs."""
    return STARTS.format(shard), DOCUMENTS.format(shard), NUMBERS.format(shard)


def write_counts(batches: Iterable[Batch], folder: Path, shard: int) -> NDArray[np.int64]:
    """Write the postings of a shard, and its pairs: int32 [pairs, 2], a count and a length.

    Documents are numbered in the order they come, from 0. Returns how many of them have each token, int64.
    """
    lengths, keys = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]

    def counted() -> Iterator[Postings]:
        documents = 0
        for batch in batches:
            keys.append(np.unique(_keys(batch.postings, batch.lengths, documents)))
            yield batch.postings
            lengths.append(batch.lengths)
            documents += len(batch.lengths)

    def scorer(frequencies: NDArray[np.int64]) -> Scored:
        every = np.unique(np.concatenate(keys))
        write_array(folder / PAIRS.format(shard), np.column_stack(_parted(every)).astype(np.int32))
        return partial(_numbers, keys=every, lengths=np.concatenate(lengths))

    return write_postings(counted(), folder, scorer, files=posting_files(shard), dtype=np.int32)


def in_documents(batch: TokenLists) -> Postings:
    """Count the tokens of every document; `POSTING` records ordered by (document, token)."""
    vocabulary = int(batch.ids.max(initial=-1)) + 1
    document = np.repeat(np.arange(len(batch.lengths), dtype=np.int64), batch.lengths)
    keys, counts = np.unique(document * vocabulary + batch.ids, return_counts=True)
    postings = np.empty(len(keys), POSTING)
    if len(keys):
        postings["document"], postings["token"] = np.divmod(keys, vocabulary)
    postings["value"] = counts
    return postings


def _keys(
    postings: Postings, lengths: NDArray[np.int64], first_document: int = 0
) -> NDArray[np.int64]:
    """Return a number for the count and the document's length of every posting."""
    counts = postings["value"].astype(np.int64)
    keys: NDArray[np.int64] = (counts << 32) | lengths[postings["document"] - first_document]
    return keys


def _parted(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the counts and the lengths of `_keys`."""
    return keys >> 32, keys & 0xFFFF_FFFF


def _numbers(
    postings: Postings, keys: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.int32]:
    return np.searchsorted(keys, _keys(postings, lengths)).astype(np.int32)
