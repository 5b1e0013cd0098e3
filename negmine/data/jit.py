"""Loops that numba compiles, once per machine, and runs in threads over slices of rows.

The compiled code is kept on disk where numba can write: NUMBA_CACHE_DIR, beside the package, or the user's
cache folder. What cannot be read there is compiled again; what cannot be written is not kept.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


@cache
def compiled(function: Callable[..., None]) -> Callable[..., None]:
    """Return a module's function compiled; it lets other threads run meanwhile."""
    import numba

    kernel: Any = numba.njit(nogil=True)(function)
    # RuntimeError: no place that can be written. AttributeError: NUMBA_DISABLE_JIT is set.
    with suppress(RuntimeError, AttributeError):
        kernel.enable_caching()
        _harmless(kernel._cache)
    return kernel  # type: ignore[no-any-return]


def _harmless(cache: Any) -> None:
    """Let no damaged file and no full disk stop a kernel: numba reads its cache by pickle, and raises."""
    load, save = cache.load_overload, cache.save_overload

    def load_overload(*arguments: Any) -> Any:
        try:
            return load(*arguments)
        except Exception:
            with suppress(Exception):
                cache.flush()
            return None

    def save_overload(*arguments: Any) -> None:
        with suppress(Exception):
            save(*arguments)

    cache.load_overload, cache.save_overload = load_overload, save_overload


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a contiguous, plain, read-only view (or copy): numba compiles once for one kind of array."""
    plain = np.ascontiguousarray(np.asarray(array)).view()
    plain.flags.writeable = False
    return plain


def threads() -> int:
    """Return how many threads numba would use: NUMBA_NUM_THREADS, else the cores there are."""
    import numba

    config: Any = numba.config
    return int(config.NUMBA_NUM_THREADS)


def in_threads(work: Callable[[int, int], None], rows: int, least: int = 64) -> None:
    """Run work(start, stop) over all rows, a slice per thread; slices have at least `least` rows."""
    count = max(1, min(threads(), rows // least))
    if count == 1:
        work(0, rows)
        return
    edges = [rows * place // count for place in range(count + 1)]
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))
