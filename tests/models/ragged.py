"""Token vectors by hand, and MaxSim by brute force."""

import numpy as np
from hypothesis import strategies as st

from negmine.data.ragged import joined, matrices


def tokens(rng, heights, dims=5, dtype=np.float16, coarse=False):
    """Return matrices of so many unit vectors each. coarse: of few different numbers, so that scores tie."""
    made = []
    for height in heights:
        rows = rng.standard_normal((height, dims))
        if coarse:
            rows = np.round(rows) + 0.5
        made.append((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(dtype))
    return joined(matrices(made), dtype)


def brute(queries, documents):
    """Return the MaxSim of every query with every document, float64; 0 where one has no token."""
    result = np.zeros((len(queries), len(documents)))
    for row, query in enumerate(queries[:]):
        for column, document in enumerate(documents[:]):
            if len(query) and len(document):
                products = query.astype(np.float64) @ document.astype(np.float64).T
                result[row, column] = products.max(axis=1).sum()
    return result


@st.composite
def collections(draw):
    """Draw queries and documents: few tokens or none, ties, any number of dimensions, both precisions."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    heights = st.lists(st.integers(0, 4), min_size=1, max_size=9)
    dims, dtype = draw(st.integers(1, 9)), draw(st.sampled_from([np.float16, np.float32]))
    coarse = draw(st.booleans())
    made = [tokens(rng, draw(heights), dims, dtype, coarse) for _ in range(2)]
    return made[0], made[1]
