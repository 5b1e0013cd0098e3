"""A program that tries a FAISS factory string in a process of its own: some strings end it, or fill the memory.

It reads a JSON object from stdin and prints a line `ready`, then `done`, or `failed: ` and FAISS' reason.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

MEMORY = 8 * 10**9  # bytes of addresses: more ends the trial
WIDE = 3840  # dimensions of an index that is only made: many numbers divide it
DEPTH = 5


def without_polysemous(index: Any) -> None:
    """Turn off what PQ learns, for a second each part, for a search by Hamming distance: negmine does none.

    See Douze, Jegou and Perronnin, "Polysemous codes" (2016).
    """
    import faiss

    index = faiss.downcast_index(index)
    if hasattr(index, "do_polysemous_training"):
        index.do_polysemous_training = False
    for name in ("index", "base_index", "storage", "quantizer", "refine_index"):
        inner = getattr(index, name, None)
        if isinstance(inner, faiss.Index):
            without_polysemous(inner)


def _try(factory: str, dims: int | None, count: int, parameters: dict[str, int]) -> None:
    """Make an index; with `dims`, also train it on `count` random vectors, add them and search."""
    import faiss
    import numpy as np

    index = faiss.index_factory(dims or WIDE, factory, faiss.METRIC_INNER_PRODUCT)
    for name, value in parameters.items():
        faiss.ParameterSpace().set_index_parameter(index, name, value)
    if dims is None:
        return
    without_polysemous(index)
    vectors = np.random.default_rng(13).standard_normal((count, dims)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index.train(vectors)
    index.add(vectors)
    index.search(vectors[:2], min(DEPTH, count))


def main() -> None:
    """Try what stdin says."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import faiss  # noqa: F401
    import numpy as np  # noqa: F401

    wanted = json.load(sys.stdin)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    try:
        _try(**wanted)
    except Exception as error:
        reason = str(error) or type(error).__name__
        sys.stdout.write(f"failed: {' '.join(reason.split())}\n")
    else:
        sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
