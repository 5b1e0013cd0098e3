"""Allocators that give freed memory back: set by the command line, for the whole process, before packages load.

NumPy, torch and (as set here) Arrow get memory from the C library, Polars from jemalloc. Each keeps freed
memory for later requests of its own, and the sum counts as memory of the process. What each setting
gives: docs/explanation/design.md, "Measured and kept". Nothing that allocates is imported here.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

_ENVIRONMENT = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "_RJEM_MALLOC_CONF": "narenas:2,dirty_decay_ms:300,muzzy_decay_ms:0",  # of Polars' allocator
}
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of glibc's mallopt
_LARGE = 1 << 20  # bytes from which freed memory goes back to the system at once
_LARGEST = 32 << 20  # the largest value that glibc accepts for the same
_TOP, _LARGE_TOP = 1 << 17, 1 << 27  # bytes free at the heap's end: glibc's default, a model's
_ARENAS = 2  # heaps, among which threads are shared out
_settled = False


def settle() -> None:
    """Set all allocators; variables that the user's environment has stay as they are."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    global _settled
    _settled = True
    _set(_MMAP_THRESHOLD, _LARGE)
    _set(_ARENA_MAX, _ARENAS)


def keep() -> None:
    """Let the C library keep freed memory until `give_back`: a model needs the same again for each layer."""
    if _settled:
        _set(_MMAP_THRESHOLD, _LARGEST)
        _set(_TRIM_THRESHOLD, _LARGE_TOP)


def give_back() -> None:
    """Give free memory back to the system, and give large memory back at once from now on."""
    if _settled:
        _set(_MMAP_THRESHOLD, _LARGE)
        _set(_TRIM_THRESHOLD, _TOP)
    with suppress(OSError, AttributeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)


def _set(option: int, value: int) -> None:
    with suppress(OSError, AttributeError, TypeError):  # not glibc
        ctypes.CDLL(None).mallopt(option, value)
