"""Pairs that were scored once are not scored again: killed runs, deeper runs, grown corpora."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from negmine.data.arrays import Floats, Places
from negmine.scorers.base import Scorer
from negmine.storage.vectors import VectorStore

_BETWEEN = "\0"  # in no text: stage index refuses it
STEP = 64  # pairs, at least, that a scorer without batches of its own is asked about at once


class Remembered:
    """A scorer with the scores it gave on disk, by the content of the pair.

    New pairs are scored longest first, over all queries at once, and kept chunk by chunk. They are kept part by
    part; a query that has moved to another part since is looked up in the others, `beside` this one. note:
    receives a sentence about scores that are damaged and dropped.
    """

    def __init__(
        self,
        scorer: Scorer,
        folder: Path,
        batch: int,
        beside: Sequence[Path] = (),
        note: Callable[[str], None] = lambda message: None,
    ) -> None:
        self._scorer, self._store, self._many = scorer, VectorStore(folder, note), max(STEP, batch)
        self._beside = beside

    def score(
        self, queries: Sequence[str], documents: Sequence[str], done: Callable[[int], None]
    ) -> Floats:
        """Score pairs (see Scorer); `done` hears how many more there are."""
        pairs = [q + _BETWEEN + d for q, d in zip(queries, documents, strict=True)]
        self._store.adopt(pairs, self._beside)
        return self._store.encode(pairs, self._new, done)[0].reshape(-1)[: len(pairs)]

    def _new(self, pairs: Sequence[str]) -> Iterator[tuple[Places, Floats]]:
        queries, documents = zip(*(pair.split(_BETWEEN) for pair in pairs), strict=True)
        in_batches = getattr(self._scorer, "batches", self._steps)
        for places, scores in in_batches(queries, documents):
            yield places, scores.reshape(-1, 1)

    def _steps(
        self, queries: Sequence[str], documents: Sequence[str]
    ) -> Iterator[tuple[Places, Floats]]:
        lengths = np.array([len(q) + len(d) for q, d in zip(queries, documents, strict=True)])
        many = self._many
        order = np.argsort(-lengths, kind="stable")
        for places in (order[first : first + many] for first in range(0, len(order), many)):
            yield (
                places,
                self._scorer.score([queries[p] for p in places], [documents[p] for p in places]),
            )
