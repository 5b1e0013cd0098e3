"""Coarse proposals: bfloat16 products, on processors that compute them several times as fast as float32.

The error of such a product is up to 0.003. So the lists are deeper, and exact.py searches again in float32
for queries whose list may miss a document. What this gives: design.md, "Measured and kept".
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.retrievers.dense.nearest import PRODUCTS, Floats, Lists, Rows

CLOSE = 0.006  # twice the error of bfloat16 products, as a share of the product of the lengths
WORTH = 5e11  # operations from which loading torch pays: some seconds of float32 on two cores
LEAST_MEMORY = 2 * 10**9  # bytes of --memory from which torch's own 200 MB do not matter
_FLAGS = {"avx512_bf16", "amx_bf16"}


def depth(k: int) -> int:
    """Return how many documents to propose so that the best k are nearly always among them."""
    return k + max(64, k // 2)


def is_worth_it(documents: int, queries: int, dims: int) -> bool:
    """Tell whether this processor has bfloat16 products and the search is long enough for them."""
    long = 2 * documents * queries * dims >= WORTH or "torch" in sys.modules
    return long and has_bfloat16()


def has_bfloat16() -> bool:
    """Tell whether this processor multiplies bfloat16; only Linux says so without torch."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return bool(_FLAGS & set(line.split()))


def on_cpu(
    queries: Floats, documents: NDArray[np.floating], k: int, products: int = PRODUCTS
) -> Rows:
    """Propose as nearest.on_cpu does; -1 where fewer than k documents score above 0.

    NumPy has no bfloat16, and widening the products to float32 takes longer than the products. So `Lists`
    gets their bits as int16: positive bfloat16 numbers have the order of their bits, and those of negative
    ones are below 0.
    """
    import torch

    halved = torch.from_numpy(queries).bfloat16()
    lists = Lists(len(queries), k, np.dtype(np.int16))
    block = lists.block(products, len(documents))
    buffer: Any = torch.empty(len(queries) * block, dtype=torch.bfloat16)
    for first in range(0, len(documents), block):
        part = torch.from_numpy(np.array(documents[first : first + block], np.float32)).bfloat16()
        product = buffer[: len(queries) * len(part)].view(len(queries), len(part))
        torch.mm(halved, part.T, out=product)
        lists.add(product.view(torch.int16).numpy(), first)
    return lists.rows()
