"""What a cluster of two nodes with one processor each gains over one process, and what it costs.

    python -m tests.bench.engine [DOCUMENTS QUERIES]

Ray on two nodes of this machine against the local executor with one thread and with two: the same work, from
the same vectors, in processes of their own. Prints a table in Markdown. Not a test: needs a quiet machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

SIZE, K, FEW, MANY = 384, 50, 1024, 128  # dimensions, depth, and queries in a part


def main(documents: int = 50_000, queries: int = 8_192) -> None:
    """Measure, and print the table."""
    from tests.engine.executors.cluster import nodes

    with TemporaryDirectory(prefix="negmine-engine-") as name:
        folder = Path(name)
        write(folder, documents, queries)
        with nodes() as cluster:
            ways = {
                "local, 1 thread": (1, "", FEW),
                "local, 2 threads": (2, "", FEW),
                "Ray, 2 nodes": (1, cluster.address, FEW),
                "local, 1 thread, small parts": (1, "", MANY),
                "Ray, 2 nodes, small parts": (1, cluster.address, MANY),
            }
            in_a_process(folder, *ways["local, 2 threads"])  # compiles what is compiled once
            measured = {way: in_a_process(folder, *how) for way, how in ways.items()}
    show(measured, documents, queries)


def write(folder: Path, documents: int, queries: int) -> None:
    """Write a collection by seed: texts of ten words of 5,000, unit vectors, one positive for each query."""
    rng = np.random.default_rng(13)
    words = np.array([f"word{number}" for number in range(5_000)])
    for what, count in (("corpus", documents), ("queries", queries)):
        drawn = words[(rng.random((count, 10)) ** 2 * len(words)).astype(int)]
        rows = ({"_id": f"{what[0]}{n}", "text": " ".join(drawn[n])} for n in range(count))
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / f"{what}.jsonl").write_text(lines)
        vectors = rng.standard_normal((count, SIZE), np.float32)
        np.save(folder / f"{what}.npy", vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    (folder / "qrels").mkdir()
    pairs = "".join(f"q{n}\tc{rng.integers(documents)}\t1\n" for n in range(queries))
    (folder / "qrels" / "train.tsv").write_text(f"query-id\tcorpus-id\tscore\n{pairs}")


def in_a_process(folder: Path, threads: int, address: str, part: int) -> dict[str, Any]:
    """Mine in a process of its own with one thread for each part; return what `measure` does."""
    command = [sys.executable, "-m", "tests.bench.engine", "measure", str(folder), str(threads)]
    one = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
    )
    done = subprocess.run(
        [*command, str(part), address],
        env={**os.environ, **one},
        stdout=subprocess.PIPE,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def measure(folder: str, threads: str, part: str, address: str = "") -> None:
    """Mine, and print seconds, artifacts and parts that the executor made, and bytes through the driver."""
    import negmine
    from negmine.config import memory

    memory.SIDE_BY_SIDE, memory.PART_QUERIES = int(threads), int(part)
    counts = {"parts": 0, "artifacts": 0, "bytes": 0}
    _count(counts)
    vectors = {
        "query_vectors": Path(folder) / "queries.npy", "document_vectors": Path(folder) / "corpus.npy"
    }  # fmt: skip
    cluster: dict[str, Any] = {"engine": "ray", "ray_address": address} if address else {}
    with TemporaryDirectory(prefix="negmine-engine-") as work:
        start = time.perf_counter()
        made = negmine.mine(Path(work) / "w", data=Path(folder), k=K, **vectors, **cluster)
        seconds = time.perf_counter() - start
        rows = sum(path.stat().st_size for path in Path(work).rglob("part-*.parquet"))
    by_name = {one["artifact"]: one["seconds"] for one in made.artifacts}
    print(json.dumps({"seconds": seconds, "by_name": by_name, "rows": rows, **counts}))


def _count(counts: dict[str, int]) -> None:
    """Count what executors make, and the bytes of tasks and results as they are pickled."""
    import pickle
    from collections.abc import Callable, Iterable, Iterator

    from negmine.engine.make import _Made
    from negmine.engine.part_task import PartResult, PartTask

    results: Callable[..., Iterator[PartResult]] = _Made.results

    def counting(made: Any, wanted: Iterable[PartTask], side_by_side: int) -> Iterator[PartResult]:
        tasks = list(wanted)
        parts = [task for task in tasks if task.number is not None]
        counts["artifacts"] += bool(parts)
        counts["parts"] += len(parts)
        counts["bytes"] += sum(len(pickle.dumps(task)) for task in parts)
        for result in results(made, iter(tasks), side_by_side):
            counts["bytes"] += len(pickle.dumps(result)) if parts else 0
            yield result

    _Made.results = counting


def show(measured: dict[str, dict[str, Any]], documents: int, queries: int) -> None:
    """Print the table: seconds of all, of what is made in parts, and what a part and an artifact cost."""
    parts = {way: _in_parts(one) for way, one in measured.items()}
    base = parts["local, 1 thread"]
    print(f"{documents:,} documents, {queries:,} queries, k = {K}\n")
    print(
        "| way | s | s in parts | speed-up | parts | bytes of tasks and results | bytes of rows |"
    )
    print("|---|---|---|---|---|---|---|")
    for way, one in measured.items():
        numbers = (
            f"{one['seconds']:.1f} | {parts[way]:.1f} | {base / parts[way]:.2f} | {one['parts']}"
        )
        print(f"| {way} | {numbers} | {one['bytes']:,} | {one['rows']:,} |")
    few, many = measured["Ray, 2 nodes"], measured["Ray, 2 nodes, small parts"]
    ray = parts["Ray, 2 nodes, small parts"] - parts["Ray, 2 nodes"]
    local = parts["local, 1 thread, small parts"] - base
    one_more = 1000 * (ray - local / 2) / (many["parts"] - few["parts"])
    over = (parts["Ray, 2 nodes"] - base / 2) / few["artifacts"]
    print(
        "\n`s in parts`: of the artifacts that executors make part by part. Beyond half of the time of one"
    )
    print(
        f"thread, the cluster takes {over:.2f} s an artifact, and {one_more:.0f} ms for one more part."
    )


def _in_parts(one: dict[str, Any]) -> float:
    """Return the seconds of the artifacts after stage index that have a part for each part of queries."""
    return sum(
        seconds
        for name, seconds in one["by_name"].items()
        if not name.startswith("1-")
        and "/" in name
        and not name.endswith(("searched-vectors", "risk-model"))
    )


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["measure"]:
        measure(*words[1:])
    else:
        main(*map(int, words))
