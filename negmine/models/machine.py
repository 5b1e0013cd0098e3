"""Where a model runs: in this process (load.py), or in one process for each device (workers.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from negmine.data.arrays import Floats


class Machine(Protocol):
    """Where a model runs: in this process, or in several others."""

    def lengths(self, texts: Sequence[str], prompt: str) -> NDArray[np.int64]:
        """Return how much work each text is, in tokens; int64 [texts]."""

    def run(
        self, batches: Sequence[Sequence[str]], kind: str, prompt: str
    ) -> Iterator[tuple[Floats, int]]:
        """Yield the vectors of each batch, in order, and in how many pieces it was read.

        Raises RetrieverError where the model fails, or does not fit.
        """
