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
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # of glibc's mallopt
_LARGE = 1 << 20  # bytes from which memory is the system's again as soon as it is freed
_ARENAS = 2


def settle() -> None:
    """Tell all allocators; what the user's environment says of them stands."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with suppress(OSError, AttributeError, TypeError):  # another C library
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give memory that is free back to the system; the C library would keep it for later."""
    with suppress(OSError, AttributeError):  # a C library that does so by itself
        ctypes.CDLL(None).malloc_trim(0)
