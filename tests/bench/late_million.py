"""What late interaction costs per million documents: seconds of one core, memory, disk.

`OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1 python -m tests.bench.late_million`

Vectors are random unit vectors, 128 dimensions in float16, as ColBERT's: 100 tokens a document, 32 a query.
Search and scores do not depend on what they are. Encoding is timed with the packaged MiniLM, six layers.
Seconds are CPU time of this process, so other processes disturb them little; what grows with the corpus is
multiplied up to a million documents.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.config.settings import IndexSettings, RetrieveSettings
from negmine.data.ragged import Ragged
from negmine.engine.progress import Silent
from negmine.models.locate import resolve_model
from negmine.models.maxsim import maxsim
from negmine.models.token_encoder import TokenEncoder
from negmine.retrievers.faiss_index.build import FILE, build
from negmine.retrievers.late import approximate, exact
from negmine.retrievers.late.approximate import Approximate
from negmine.storage.arrays import open_array
from negmine.storage.digests import Digests
from negmine.storage.files import growing_array
from tests.models.tiny import multi_vector_model

TOKENS, QUERY_TOKENS, DIMS = 100, 32, 128
MILLION, AT_ONCE = 1_000_000, 1000
PAIRS, TEXTS = 20_000, 300


def unit(rng: np.random.Generator, count: int) -> NDArray[np.float16]:
    """Return random unit vectors, float16 [count, DIMS]."""
    rows = rng.standard_normal((count, DIMS), dtype=np.float32)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def documents(folder: Path, count: int) -> Ragged:
    """Write the vectors of so many documents; return them memory-mapped."""
    rng = np.random.default_rng(1)
    with growing_array(folder / "documents.npy") as add:
        for _ in range(0, count, AT_ONCE):
            add(unit(rng, AT_ONCE * TOKENS))
    values = open_array(folder / "documents.npy", np.float16, (None, DIMS))
    return Ragged(np.arange(count + 1) * TOKENS, values)


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Measure CPU seconds, and how much private memory (not mapped files) grew at most, in MB."""
    measured: dict[str, float] = {"seconds": 0.0, "megabytes": 0.0}
    ended, before, start = threading.Event(), _private(), time.process_time()

    def watch() -> None:
        while not ended.wait(0.05):
            measured["megabytes"] = max(measured["megabytes"], (_private() - before) / 1000)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield measured
    finally:
        measured["seconds"] = time.process_time() - start
        ended.set()
        thread.join()


def _private() -> int:
    """Return the private memory of this process, in kB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def scan(held: Ragged, queries: int) -> dict[str, Any]:
    """Search the best 100 documents for each query."""
    asked = Ragged(
        np.arange(queries + 1) * QUERY_TOKENS,
        unit(np.random.default_rng(2), queries * QUERY_TOKENS),
    )
    with watched() as measured:
        exact.search(asked, held, 100, np.arange(len(held)))
    per_query = measured["seconds"] / queries * MILLION / len(held)
    return {
        "queries": queries,
        "seconds_per_query_and_million_documents": round(per_query, 2),
        "megabytes_of_memory": round(measured["megabytes"]),
    }


def score(held: Ragged, queries: int = 200) -> dict[str, Any]:
    """Score pairs of queries and documents, as with --late-scope candidates."""
    rng = np.random.default_rng(3)
    asked = Ragged(np.arange(queries + 1) * QUERY_TOKENS, unit(rng, queries * QUERY_TOKENS))
    rows, docs = rng.integers(0, queries, PAIRS), rng.integers(0, len(held), PAIRS)
    with watched() as measured:
        maxsim(asked, held, rows, docs)
    return {
        "pairs": PAIRS,
        "seconds_per_million_pairs": round(measured["seconds"] / PAIRS * MILLION),
        "megabytes_of_memory": round(measured["megabytes"]),
    }


def indexed(held: Ragged, folder: Path, queries: int) -> dict[str, Any]:
    """Make the index of --late-index ivf, and search it; seconds to make it grow with what is compared."""
    count = len(held.values)
    with watched() as building:
        build(held.values, approximate.wanted("ivf", count), folder, Silent(), _sampled(count))
    asked = Ragged(
        np.arange(queries + 1) * QUERY_TOKENS,
        unit(np.random.default_rng(5), queries * QUERY_TOKENS),
    )
    opened = Approximate(folder, RetrieveSettings().late_tokens, "cpu")
    with watched() as searching:
        opened.search(asked, held, 100, np.arange(len(held)))
    grown = _compared(MILLION * TOKENS) / _compared(count)
    return {
        "seconds_to_build": round(building["seconds"]),
        "megabytes_of_memory_to_build": round(building["megabytes"]),
        "seconds_to_build_per_million_documents": round(building["seconds"] * grown),
        "gigabytes_per_million_documents": round(
            (folder / FILE).stat().st_size / len(held) * MILLION / 1e9, 1
        ),
        "seconds_per_query": round(searching["seconds"] / queries, 2),
        "megabytes_of_memory_to_search": round(searching["megabytes"]),
    }


def _compared(tokens: int) -> int:
    """Return how many tokens are compared with cells: ten times to train, once to find each its cell."""
    cells = approximate.cells_for(tokens)
    return cells * (10 * _sampled(tokens) + tokens)


def _sampled(tokens: int) -> int:
    return approximate.trained_on("ivf", tokens)


def encode(folder: Path) -> dict[str, Any]:
    """Encode texts of about 100 tokens with MiniLM and a projection to 128 dimensions."""
    digests = Digests(folder / "digests.json")
    base = resolve_model("all-MiniLM-L6-v2", digests)
    model = multi_vector_model(folder / "model", dims=DIMS, base=base, longest=256)
    encoder = TokenEncoder(IndexSettings(device="cpu"), str(model), digests, "--late-model")
    words = np.array("how long do cats sleep when green tea is hot and dogs run fast".split())
    rng = np.random.default_rng(4)
    texts = [" ".join(rng.choice(words, rng.integers(80, 116))) for _ in range(TEXTS)]
    work = encoder.work("document")
    list(work(texts[:2]))  # loads the model
    with watched() as measured:
        tokens = sum(len(one) for _, rows in work(texts) for one in rows)
    return {
        "texts": TEXTS,
        "tokens_per_text": round(tokens / TEXTS),
        "seconds_per_million_documents": round(measured["seconds"] / TEXTS * MILLION),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=64)
    given = parser.parse_args()
    warm_up: Callable[[Ragged], Any] = lambda held: maxsim(  # noqa: E731 - compiles the kernel
        held, held, np.zeros(1, np.int64), np.zeros(1, np.int64)
    )
    with TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        held = documents(folder, given.documents)
        warm_up(Ragged(held.offsets[:2], held.values[:TOKENS]))
        size = (folder / "documents.npy").stat().st_size + 8 * given.documents
        result = {
            "documents": given.documents,
            "gigabytes_of_index_per_million_documents": round(
                size / given.documents * MILLION / 1e9, 1
            ),
            "scan": scan(held, given.queries),
            "score": score(held),
            "indexed": indexed(held, folder, 16),
            "encode": encode(folder),
        }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
