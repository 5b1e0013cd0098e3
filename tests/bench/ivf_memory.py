"""How much memory filling an IVF index takes, by the number of shards.

    python -m tests.bench.ivf_memory [--write]

524,288 random unit vectors of 384 dimensions, float16, in a mapped file; IVF256,Flat. Each index is filled in a
process of its own. Its private memory (not mapped files) and that of the process in which FAISS brings cells
together, is read every 10 ms. --write puts the table into docs/how-to/large-corpora.md. Linux only.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]

from negmine.engine.progress import Silent
from negmine.retrievers.faiss_index import build
from negmine.retrievers.faiss_index.trial import Wanted
from tests.bench import pages
from tests.bench.documents_by_size import unit

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "large-corpora.md"
SCRIPT = "tests/bench/ivf_memory.py"
DOCUMENTS, DIMS, FACTORY, TRAINED_ON = 524_288, 384, "IVF256,Flat", 16_384
SHARDS = (1, 2, 4, 8)


def tables(folder: Path) -> dict[str, str]:
    """Measure; return the table by its mark."""
    file = folder / "vectors.npy"
    vectors = np.lib.format.open_memmap(file, "w+", np.float16, (DOCUMENTS, DIMS))
    for start in range(0, DOCUMENTS, build.AT_ONCE):
        chance = np.random.default_rng([13, start])
        vectors[start : start + build.AT_ONCE] = unit(
            chance.standard_normal((build.AT_ONCE, DIMS), np.float32)
        )
    vectors.flush()
    rows = []
    spawn = multiprocessing.get_context("spawn")
    for shards in SHARDS:
        with ProcessPoolExecutor(1, spawn) as pool:
            rows.append(pool.submit(measured, file, folder / str(shards), shards).result())
    size, lines = rows[0][2], ["| shards | memory at most, MB | processors, s |", "|---|---|---|"]
    for shards, (memory, seconds, _) in zip(SHARDS, rows, strict=True):
        lines.append(f"| {shards} | {memory / 1e6:,.0f} | {seconds:.0f} |")
    lead = f"{DOCUMENTS:,} vectors of {DIMS} dimensions, `{FACTORY}`: an index of {size / 1e6:,.0f} MB."
    return {SCRIPT: "\n".join([lead, "", *lines])}


def measured(file: Path, folder: Path, shards: int) -> tuple[int, float, int]:
    """Fill an index; return bytes of memory beyond those before, seconds of processors, bytes on disk."""
    folder.mkdir()
    vectors = np.load(file, mmap_mode="r")
    small = folder / "small"
    small.mkdir()
    build.build(vectors[:4096], Wanted("IVF4,Flat"), small, Silent())  # loads FAISS
    before, peak, ended = private(), [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.01):
            peak[0] = max(peak[0], private() - before)

    thread, start = threading.Thread(target=watch), _seconds()
    thread.start()
    build.build(vectors, Wanted(FACTORY), folder, Silent(), TRAINED_ON, shards)
    ended.set()
    thread.join()
    size = sum(path.stat().st_size for path in folder.glob("*.faiss"))
    for path in folder.glob("*.faiss"):
        path.unlink()
    return peak[0], _seconds() - start, size


def private() -> int:
    """Return the bytes of private memory of this process and those below it."""
    total, own = 0, psutil.Process()
    for process in [own, *own.children(recursive=True)]:
        try:
            lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        except OSError:  # it has ended
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) * 1024
    return total


def _seconds() -> float:
    times = psutil.Process().cpu_times()
    return time.process_time() + float(times.children_user + times.children_system)


if __name__ == "__main__":
    pages.main(__doc__, PAGE, tables)
