"""The BM25 formulas: variant and parameters, and what bm25s computes for them.

Only this module uses bm25s. bm25s' public `BM25.index` wants every document as a list of Python integers,
so negmine takes the two functions below it, which are private: `bm25s.scoring._select_idf_scorer` and
`_select_tfc_scorer`. So pyproject.toml pins bm25s to the versions that were tested, and
tests/retrievers/bm25/test_bm25s.py checks names, arguments and results.

The formulas: Kamphuis et al., ECIR 2020, "Which BM25 Do You Mean?", table 1.
"""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


@cache
def _scoring() -> ModuleType:
    """Return bm25s.scoring. JAX is hidden from bm25s, which would reserve most of a GPU's memory with it."""
    hide = "jax" not in sys.modules
    if hide:
        sys.modules["jax"] = None  # type: ignore[assignment]  # an import of it fails
    try:
        import bm25s.scoring
    finally:
        if hide:
            del sys.modules["jax"]
    scoring: ModuleType = bm25s.scoring
    return scoring


class Formula(NamedTuple):
    """A BM25 variant and its parameters."""

    variant: str
    k1: float
    b: float
    delta: float

    @property
    def methods(self) -> tuple[str, str]:
        """Return bm25s' names for the (term frequency, idf) components.

        okapi is rank_bm25.BM25Okapi with epsilon=0: idf is Robertson's, but never below 0.
        """
        return ("atire", "robertson") if self.variant == "okapi" else (self.variant, self.variant)

    def idf(self, frequencies: NDArray[np.int64], documents: int) -> NDArray[np.float32]:
        """Return the inverse document frequency of every token, float32 [vocabulary].

        frequencies: int64 [vocabulary], in how many of the `documents` a token occurs.
        """
        idf = _scoring()._select_idf_scorer(self.methods[1])
        distinct, inverse = np.unique(frequencies, return_inverse=True)
        values = np.array([idf(int(df), N=documents) for df in distinct], np.float32)
        return values[inverse]

    def term_frequency(
        self, counts: NDArray[np.float32], lengths: NDArray[np.int64], mean_length: float
    ) -> NDArray[np.floating]:
        """Return the term frequency component of every posting, [postings].

        counts: how often the token occurs in the document. lengths: the document's tokens.
        """
        component: NDArray[np.floating] = _scoring()._select_tfc_scorer(self.methods[0])(
            tf_array=counts, l_d=lengths, l_avg=mean_length, k1=self.k1, b=self.b, delta=self.delta
        )
        return component
