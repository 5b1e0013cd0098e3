"""--memory: how large pieces of work may be, so that a command stays within it.

The numbers are estimates: a row of `candidates` costs some 1,200 bytes while its part is worked on, so
parts take half of the memory at most; the rest is for programs, a model, and what grows with the corpus.
"""

from __future__ import annotations

import re
import sys

from negmine.errors import SettingsError

PART_QUERIES = 2048  # a query is never split; some 400,000 candidates a part at k = 100
PART_DOCUMENTS = 16_384
SIDE_BY_SIDE = 2  # parts that threads make at once, where they may
UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "MIB": 2**20, "GIB": 2**30}
ROW = 1_200  # bytes of a candidate while its part is worked on
LEAST_QUERIES, LEAST_DOCUMENTS = 16, 1024
SHARD_DOCUMENT = 1_000  # bytes of a document in a shard: vector, postings, id
TEXT = 64 << 20  # bytes that a text in a model's batch may come to
LEAST = 700 * 10**6  # the programs alone


def read_memory(text: str) -> int:
    """Return bytes: 4GB, 512MB, 1.5GiB. Raises SettingsError for what is no size, or too small for any run."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([a-zA-Z]+)", text.strip())
    if match is None or match[2].upper() not in UNITS:
        raise SettingsError(f"--memory {text}: say how much, as 4GB or 800MB (or in MiB, GiB, TB).")
    size = int(float(match[1]) * UNITS[match[2].upper()])
    if size < LEAST:
        raise SettingsError(
            f"--memory {text} cannot be met: the programs alone take about {size_text(LEAST)}. Say more."
        )
    return size


def part_queries(memory: int, k: int, retrievers: int) -> int:
    """Return how many queries a part may have: a power of two, or the usual number."""
    fit = memory // (2 * SIDE_BY_SIDE * ROW * k * retrievers)
    return min(PART_QUERIES, max(LEAST_QUERIES, 1 << max(fit, 1).bit_length() - 1))


def part_documents(memory: int) -> int:
    """Return how many documents are read at once."""
    return min(PART_DOCUMENTS, max(LEAST_DOCUMENTS, memory // 200_000))


def shards(memory: int, documents: int) -> int:
    """Return into how many shards so many documents are cut: each fills half of the memory at most."""
    return max(1, -(-documents * SHARD_DOCUMENT // max(memory // 2, 1)))


def products(memory: int) -> int:
    """Return how many bytes of matrix products may wait at once."""
    return min(max(memory // 128, 4 << 20), 32 << 20)


def batch(memory: int, wanted: int) -> int:
    """Return how many texts a model reads at once: as many as are wanted, if they fit."""
    return max(1, min(wanted, memory // TEXT))


def peak() -> int:
    """Return the most memory (resident, in bytes) that this process has held; 0 where nobody tells."""
    try:
        import resource
    except ImportError:
        return 0
    kilo = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilo


def size_text(size: int) -> str:
    """Return a size as people read it."""
    return f"{size / 1e9:.1f} GB" if size >= 10**9 else f"{size / 1e6:.0f} MB"
