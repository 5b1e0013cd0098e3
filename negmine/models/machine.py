"""Encoding: texts go through a model in batches of about equal work, here or in several processes.

`plan` makes the batches, `model` loads and asks the model, `halving` gets by when memory runs out,
`workers` does the same in other processes. `negmine.models.encoder` puts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
Floats = NDArray[np.float32]
Work = Callable[[Sequence[str]], Iterator[tuple[Places, Floats]]]
"""Takes distinct texts; yields, batch by batch, the places of some of them and a row for each.

What is left after any batch, given alone and in the same order, must go through in the same batches:
so a killed run ends with the same bits.
"""


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
