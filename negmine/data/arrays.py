"""Kinds of arrays that pass between packages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Places = NDArray[np.int64]
Floats = NDArray[np.float32]
BatchedRows = Callable[[Sequence[str]], Iterator[tuple[Places, Floats]]]
"""Takes distinct texts; yields, batch by batch, the places of some of them and a row for each.

What is left after any batch, given alone and in the same order, must go through in the same batches:
so a run that was killed ends with the same bits.
"""
