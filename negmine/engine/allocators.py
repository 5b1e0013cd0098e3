"""Allocators that give back what is freed: the command line's business, since they serve the whole process.

Arrays live in the C library's memory, tables in jemalloc's (Polars) and Arrow's. Each keeps what is
freed for a later request of its own, and the sum is what a machine must have. Nothing here is imported
that allocates: this must come first.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

_ENVIRONMENT = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "_RJEM_MALLOC_CONF": "narenas:2,dirty_decay_ms:300,muzzy_decay_ms:0",
}
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of glibc's mallopt
_LARGE = 1 << 20  # bytes from which memory is the system's again as soon as it is freed
_TOP, _KEPT_TOP = (
    1 << 17,
    1 << 27,
)  # bytes that may lie free at the end of the heap: glibc's own, a model's
_MOST = 32 << 20  # the largest that glibc takes for _LARGE
_ARENAS = 2
_settled = False


def settle() -> None:
    """Tell all allocators; what the user's environment says of them stands."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    global _settled
    _settled = True
    _tell(_MMAP_THRESHOLD, _LARGE)
    _tell(_ARENA_MAX, _ARENAS)


def keep() -> None:
    """Let the C library keep what is freed, until `give_back`: a model wants the same for every layer."""
    if _settled:
        _tell(_MMAP_THRESHOLD, _MOST)
        _tell(_TRIM_THRESHOLD, _KEPT_TOP)


def give_back() -> None:
    """Give memory that is free back to the system; the C library would keep it for later."""
    if _settled:
        _tell(_MMAP_THRESHOLD, _LARGE)
        _tell(_TRIM_THRESHOLD, _TOP)
    with suppress(OSError, AttributeError):  # a C library that does so by itself
        ctypes.CDLL(None).malloc_trim(0)


def _tell(option: int, value: int) -> None:
    with suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(option, value)
