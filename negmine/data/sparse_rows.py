"""Sparse vectors of many texts: for each the terms that have a weight, and the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from negmine.data.arrays import Floats, Ints
from negmine.data.ragged import Ragged
from negmine.data.ragged import joined as end_to_end

TERMS = 1 << 24  # more than any vocabulary has; float32 has every whole number below


@dataclass(frozen=True)
class SparseRows:
    """Rows end to end (CSR): row i is terms[offsets[i]:offsets[i + 1]], and the weights there.

    offsets: int64 [rows + 1]. terms: int32 [values], in a row ascending. weights: float32 [values].
    """

    offsets: Ints
    terms: NDArray[np.int32]
    weights: Floats

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Ints:
        """How many terms each row has, int64 [rows]."""
        lengths: Ints = np.diff(self.offsets)
        return lengths

    @property
    def numbers(self) -> Ints:
        """The row of every value, int64 [values]."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, places: Ints) -> SparseRows:
        """Return the rows in these places, in this order."""
        lengths = self.lengths[places]
        offsets = offsets_of(lengths)
        first = np.asarray(self.offsets)[places] - offsets[:-1]
        values = np.repeat(first, lengths) + np.arange(offsets[-1])
        return SparseRows(offsets, self.terms[values], self.weights[values])

    def where(self, kept: NDArray[np.bool_]) -> SparseRows:
        """Return the same rows with only these of their values; kept: bool [values]."""
        counts = np.bincount(self.numbers[kept], minlength=len(self))
        return SparseRows(offsets_of(counts), self.terms[kept], self.weights[kept])

    def heaviest(self, count: int) -> SparseRows:
        """Return every row's `count` terms of the largest weights, whatever their sign; ties by term."""
        numbers = self.numbers
        order = np.lexsort((self.terms, -np.abs(self.weights), numbers))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order)) - np.repeat(self.offsets[:-1], self.lengths)
        return self.where(rank < count)

    def unit(self) -> SparseRows:
        """Return rows of length 1; a row without terms stays as it is."""
        squares = np.square(self.weights, dtype=np.float64)
        norms = np.sqrt(np.bincount(self.numbers, squares, minlength=len(self)))
        weights = (self.weights / norms[self.numbers]).astype(np.float32)
        return SparseRows(self.offsets, self.terms, weights)


def offsets_of(lengths: NDArray[np.integer]) -> Ints:
    """Return where rows of these lengths begin, and where the last one ends; int64 [rows + 1]."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])


def of_dense(vectors: Floats) -> SparseRows:
    """Return what is not zero in vectors, float32 [rows, dimensions]."""
    rows, terms = np.nonzero(vectors)
    offsets = offsets_of(np.bincount(rows, minlength=len(vectors)))
    return SparseRows(offsets, terms.astype(np.int32), vectors[rows, terms])


def as_pairs(rows: SparseRows) -> NDArray[np.object_]:
    """Return a matrix [terms, 2] for each row, float32: term and weight, as the vector cache keeps them."""
    values = np.column_stack([rows.terms.astype(np.float32), rows.weights])
    return Ragged(rows.offsets, values)[:]


def of_pairs(pairs: NDArray[np.object_]) -> SparseRows:
    """Return the rows that `as_pairs` made into matrices. Raises ValueError for what is no term."""
    if not len(pairs):
        return nothing()
    both = end_to_end(pairs)
    terms, weights = both.values[:, 0], both.values[:, 1]
    if not ((terms >= 0) & (terms < TERMS)).all():
        raise ValueError("it holds terms that no model has")
    return SparseRows(both.offsets, terms.astype(np.int32), weights.astype(np.float32))


def nothing(rows: int = 0) -> SparseRows:
    """Return rows without terms."""
    return SparseRows(np.zeros(rows + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
