"""Approximate late interaction: a FAISS index over the vectors of all documents' tokens.

For each token of a query, FAISS gives the nearest tokens of documents. The documents that have one of them are
scored by exact MaxSim (models/maxsim.py). So an approximate run can miss a document, but the scores that it has
are right. ColBERT searched so first (Khattab and Zaharia 2020, section 3.6).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.config.settings.index import IVF
from negmine.data.ragged import Ragged, joined
from negmine.models.maxsim import maxsim
from negmine.retrievers.base import Hits
from negmine.retrievers.faiss_index.build import TRAINED_ON
from negmine.retrievers.faiss_index.module import faiss_or_error
from negmine.retrievers.faiss_index.opened import Opened
from negmine.retrievers.faiss_index.trial import Wanted
from negmine.retrievers.ranking import from_rows

MOST_CELLS = 16_384
PER_CELL = 64  # tokens for each cell, of the sample that cells are trained on; FAISS asks for 39
FEWEST_CELLS = 8  # that a search of an IVF index looks into
ROOM = 4  # a search looks into cells that hold this many times as many tokens as it shall return
AT_ONCE = 4_000_000  # near tokens that are in memory together


def wanted(setting: str, tokens: int) -> Wanted:
    """Return the index that --late-index names, over so many tokens.

    `ivf` has a power of two of cells, at most 4 times the root of the tokens, with 64 tokens or more each; a
    number of a vector takes a byte (SQ8). Where that makes no two cells, all tokens are compared.
    """
    factory = setting
    if setting == IVF:
        cells = cells_for(tokens)
        factory = f"IVF{cells},SQ8" if cells > 1 else "Flat"
    return Wanted(factory, "--late-index", "flat, ivf", "tokens of documents")


def cells_for(tokens: int) -> int:
    """Return how many cells `ivf` has over so many tokens."""
    most = int(min(4 * tokens**0.5, tokens / PER_CELL, MOST_CELLS))
    return 1 << (max(most, 1).bit_length() - 1)


def trained_on(setting: str, tokens: int) -> int:
    """Return on how many of so many tokens the index is trained at most."""
    return PER_CELL * cells_for(tokens) if setting == IVF else TRAINED_ON


def look_into(index: Any, tokens: int) -> None:
    """Let an index of cells look into so many that `tokens` near ones are among theirs, with room to spare.

    Others have no cells. Their searches follow from how many vectors they shall return.
    """
    faiss = faiss_or_error()
    cells = faiss.try_extract_index_ivf(index)
    if cells is None:
        return
    hold = -(-ROOM * tokens * cells.nlist // max(index.ntotal, 1))
    probes = min(cells.nlist, max(FEWEST_CELLS, hold))
    faiss.ParameterSpace().set_index_parameter(index, "nprobe", probes)


class Approximate:
    """A saved index over tokens, opened for search.

    tokens: how many of the nearest are looked up for each token of a query. device: cpu forbids GPUs.
    """

    def __init__(self, folder: Path, tokens: int, device: str) -> None:
        self._tokens = tokens
        self._index = Opened(folder, lambda index: look_into(index, tokens), device)

    def search(
        self, queries: Ragged, documents: Ragged, k: int, doc_order: NDArray[np.int64]
    ) -> Hits:
        """Return up to k documents of every query by MaxSim, ties by `doc_order` (see exact.search)."""
        rows = [pl.DataFrame(schema={"row": pl.Int64, "doc": pl.Int64, "score": pl.Float32})]
        depth = min(self._tokens, len(documents.values))
        for first, last in self._blocks(queries.offsets, depth):
            asked = joined(queries[first:last], np.float32)
            row, doc = self._union(asked, documents, depth)
            scores = maxsim(asked, documents, row, doc)
            order = np.lexsort((doc_order[doc], -scores, row))
            found = {"row": row[order] + first, "doc": doc[order], "score": scores[order]}
            rows.append(pl.DataFrame(found))
        return from_rows(pl.concat(rows), len(queries), k)

    def _union(
        self, queries: Ragged, documents: Ragged, depth: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the documents that have a near token, each once for a query: query and document, int64."""
        shape = (len(documents.values), queries.values.shape[1])
        near = self._index.nearest(queries.values, depth, shape)
        docs = np.searchsorted(documents.offsets, near, side="right") - 1
        rows = np.repeat(np.arange(len(queries)), np.diff(queries.offsets))[:, None]
        pairs = np.unique((rows * len(documents) + docs)[near >= 0])
        return np.divmod(pairs, len(documents))

    @staticmethod
    def _blocks(offsets: NDArray[np.int64], depth: int) -> Iterator[tuple[int, int]]:
        """Yield the first and the end of queries that ask for so many near tokens together, or of one."""
        first, most = 0, max(1, AT_ONCE // max(depth, 1))
        while depth and first < len(offsets) - 1:
            last = int(np.searchsorted(offsets, offsets[first] + most, side="right")) - 1
            last = max(first + 1, last)
            if offsets[last] > offsets[first]:
                yield first, last
            first = last
