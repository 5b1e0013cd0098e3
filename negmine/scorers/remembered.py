"""Pairs that were scored once are not scored again: killed runs, deeper runs, grown corpora."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from negmine.scorers import Scorer
from negmine.vectors import VectorStore

_BETWEEN = "\0"  # in no text: the source room refuses it


class Remembered:
    """A scorer with the scores it gave on disk, by the content of the pair.

    New pairs are scored longest first, over all queries at once, and kept chunk by chunk.
    """

    def __init__(self, scorer: Scorer, folder: Path, batch: int) -> None:
        self._scorer, self._store, self._batch = scorer, VectorStore(folder), batch

    def score(
        self, queries: Sequence[str], documents: Sequence[str], done: Callable[[int], None]
    ) -> NDArray[np.float32]:
        """Score pairs (see Scorer); `done` hears how many more there are."""
        pairs = [q + _BETWEEN + d for q, d in zip(queries, documents, strict=True)]
        return self._store.encode(pairs, self._new, done, self._batch)[0].reshape(-1)[: len(pairs)]

    def _new(self, pairs: Sequence[str]) -> NDArray[np.float32]:
        queries, documents = zip(*(pair.split(_BETWEEN) for pair in pairs), strict=True)
        return self._scorer.score(queries, documents).reshape(-1, 1)
