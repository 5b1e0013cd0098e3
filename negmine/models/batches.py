"""Which texts a model reads together: those of the same length in tokens, so that nothing is padding.

Padding costs time, and it shifts last bits: sums over more places are added up in another order. Without
it, and with a few tokens at least, a CPU gives a text the same vector in any company: what was encoded
yesterday equals what is encoded today (tests/models/test_company.py). A layer behind the pooling, as
cross-encoders have, still sees the company. Longest texts first: the most memory is needed at the start.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from negmine.data.arrays import Places

LEAST = 64  # tokens of a batch: products of fewer rows are added up in another order
TOKENS = {"cpu": 64, "cuda": 512}  # of a text that counts as one in --batch-size


def budget(batch_size: int, device: str) -> int:
    """Return how many tokens a batch may have on a device: cpu, cuda or cuda:N.

    On two cores, MiniLM is fastest with 2,000 to 4,000 tokens at once; a GPU wants more.
    """
    return batch_size * TOKENS[device.partition(":")[0]]


def batches(lengths: NDArray[np.int64], budget: int, most: int | None = None) -> list[Places]:
    """Return places of `lengths` in batches of equal lengths; texts times length is at most `budget`.

    lengths: int64 [texts]. most: texts of a batch; without it, as many as the budget lets. A text that is
    longer than the budget is alone. Ties keep their order. What is left after any batch is planned into the
    same batches again.
    """
    order = np.argsort(-lengths, kind="stable")
    result = []
    for same in np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1):
        size = max(1, budget // int(lengths[same].max(initial=1)))
        size = size if most is None else min(size, most)
        result += [same[first : first + size] for first in range(0, len(same), size)]
    return result


def filled(places: Places, lengths: NDArray[np.int64]) -> Places:
    """Return a batch with its places repeated, if it is short of LEAST tokens; what is added is for nothing."""
    length = max(1, int(lengths[places[0]]))
    return np.resize(places, max(len(places), -(-LEAST // length)))
