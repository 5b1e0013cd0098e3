"""Which texts a model reads together: those of about the same length, so that little is padding.

A batch costs its longest text times its texts. Batches of equal cost, longest texts first: the most memory is
needed at the start, and what is left after any batch is planned into the same batches again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from negmine.encoding import Places

TOKENS = {"cpu": 64, "cuda": 512}  # of a text that counts as one in --batch-size


def budget(batch_size: int, device: str) -> int:
    """Return how many tokens a batch may have on a device: cpu, cuda or cuda:N.

    On two cores, MiniLM is fastest with 2,000 to 4,000 tokens at once; a GPU wants more.
    """
    return batch_size * TOKENS[device.partition(":")[0]]


def batches(lengths: NDArray[np.int64], budget: int) -> list[Places]:
    """Return places of `lengths` in batches; texts times longest length is at most `budget`.

    lengths: int64 [texts]. A text that is longer than the budget is alone. Ties keep their order.
    """
    order = np.argsort(-lengths, kind="stable")
    found, first = [], 0
    while first < len(order):
        longest = max(1, int(lengths[order[first]]))
        size = max(1, budget // longest)
        found.append(order[first : first + size])
        first += size
    return found
