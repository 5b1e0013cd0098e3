"""What a cluster of two nodes with one processor each gains over one process, and what it costs.

    python -m tests.bench.engine [DOCUMENTS QUERIES] [--write]

Ray on two nodes of this machine against the local executor with one thread and with two: the same work, from
the same vectors, in processes of their own. Prints a table in Markdown; --write puts it into its page.

Seconds by the clock depend on what else the machine does, so the last column says how many processors others
had meanwhile. Seconds of processors do not: what the cluster costs is their difference to the same work in one
thread, and what it gains at most follows from the driver's and those of the node that worked longest.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil  # type: ignore[import-untyped]

from tests.bench.pages import write_made

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "cluster.md"
SCRIPT = "tests/bench/engine.py"
SIZE, K, FEW, MANY = 384, 50, 1024, 128  # dimensions, depth, and queries in a part


def main(documents: int, queries: int) -> str:
    """Measure, and return the tables."""
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
    return shown(measured, documents, queries)


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
    """Mine in a process of its own with one thread for each part.

    Returns what `measure` prints, and what `Processors.taken` does.
    """
    command = [sys.executable, "-m", "tests.bench.engine", "measure", str(folder), str(threads)]
    one = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
    )
    with Processors() as processors:
        done = subprocess.run(
            [*command, str(part), address],
            env={**os.environ, **one},
            stdout=subprocess.PIPE,
            check=True,
        )
    result: dict[str, Any] = json.loads(done.stdout)
    print(f"{threads} {part} {address}: {result['seconds']:.0f} s", file=sys.stderr)
    taken = processors.taken()
    return {**result, **taken, "ray": taken["ray"] if address else 0.0}  # idle, it is other work


class Processors:
    """Seconds of processors while the block runs: what processes of Ray below this one take, and all together.

    A process that ends is known as it was when it was last looked at, half a second before at most.
    """

    def __enter__(self) -> Processors:
        self._ended = threading.Event()
        self._seconds: dict[tuple[int, float], float] = {}
        self._kinds: dict[tuple[int, float], str] = {}
        self._look()
        self._before, self._busy, self._start = dict(self._seconds), _busy(), time.perf_counter()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *of: object) -> None:
        self._ended.set()
        self._thread.join()
        self._look()
        self._busy = _busy() - self._busy
        self._elapsed = time.perf_counter() - self._start

    def taken(self) -> dict[str, Any]:
        """Return seconds: of each node's workers, and of `ray` itself; `busy` and `elapsed` of the machine."""
        kinds: dict[str, float] = defaultdict(float)
        for process, seconds in self._seconds.items():
            kinds[self._kinds[process]] += seconds - self._before.get(process, 0.0)
        ray = kinds.pop("ray", 0.0)
        of_nodes = sorted(kinds.values())
        return {"nodes": of_nodes, "ray": ray, "busy": self._busy, "elapsed": self._elapsed}

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            self._look()

    def _look(self) -> None:
        for process in psutil.Process().children(recursive=True):
            try:
                key, line = (process.pid, process.create_time()), process.cmdline()
                worker = bool(line) and line[0].startswith("ray::")
                if "measure" in line:
                    continue  # the driver says its own
                self._kinds[key] = f"node {process.ppid()}" if worker else "ray"
                times = process.cpu_times()
                self._seconds[key] = times.user + times.system
            except psutil.Error:  # it has ended
                continue


def _busy() -> float:
    """Return the seconds that all processors of this machine have worked."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)


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
    result = {"seconds": seconds, "driver": time.process_time(), "by_name": by_name, "rows": rows}
    print(json.dumps({**result, **counts}))


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


def shown(measured: dict[str, dict[str, Any]], documents: int, queries: int) -> str:
    """Return the table, and what a part and an artifact cost."""
    lines = [
        f"{documents:,} documents, {queries:,} queries, k = {K}, vectors are given; parts of {FEW:,} queries, "
        f"small ones of {MANY}. {psutil.cpu_count()} processors, which other work had, too. `all` and `in "
        "parts` are by the clock.",
        "",
        "| way | parts | all, s | in parts, s | speed-up there | processors, s: driver | workers | Ray itself "
        "| bytes of tasks and results | bytes of rows | processors that others had |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    base = _in_parts(measured["local, 1 thread"])
    for way, one in measured.items():
        workers = " + ".join(f"{seconds:.0f}" for seconds in one["nodes"] if seconds >= 1) or "0"
        cells = [
            way, one["parts"], f"{one['seconds']:.0f}", f"{_in_parts(one):.0f}",
            f"{base / _in_parts(one):.2f}", f"{one['driver']:.0f}", workers, f"{one['ray']:.0f}",
            f"{one['bytes']:,}", f"{one['rows']:,}", f"{_others(one):.1f}",
        ]  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join([*lines, "", *_costs(measured)])


def _costs(measured: dict[str, dict[str, Any]]) -> list[str]:
    """Return sentences: what the cluster costs beyond the work, what it gains, and from when."""
    local, few = measured["local, 1 thread"], measured["Ray, 2 nodes"]
    local_small, many = (
        measured["local, 1 thread, small parts"],
        measured["Ray, 2 nodes, small parts"],
    )
    once = _all(few) - _all(local)
    more = (_all(many) - _all(local_small) - once) / (many["parts"] - few["parts"])
    one_more = f"{1000 * more:.0f} ms" if more > 0 else "less than this can measure"
    longest = few["driver"] + max(few["nodes"])
    return [
        f"In seconds of processors, the cluster takes {once:.0f} more than one thread for the same rows: "
        f"{once / few['artifacts']:.1f} for each of the {few['artifacts']} artifacts, with Ray's own and the "
        f"start of two workers; and {one_more} for one more part. The driver and the node that "
        f"worked longest took {longest:.0f} of the {_all(local):.0f} of one thread: where nobody else works, "
        f"two nodes are some {_all(local) / longest:.1f} times as fast. So two pay where parts take one "
        f"thread more than {2 * once:.0f} s, and four where they take it more than {4 * once / 3:.0f} s.",
    ]


def _all(one: dict[str, Any]) -> float:
    """Return the seconds of all processors."""
    return float(one["driver"] + sum(one["nodes"]) + one["ray"])


def _others(one: dict[str, Any]) -> float:
    """Return how many processors other work had meanwhile."""
    return max(0.0, (one["busy"] - _all(one)) / one["elapsed"])


def _in_parts(one: dict[str, Any]) -> float:
    """Return the seconds of the artifacts after stage index that have a part for each part of queries."""
    return sum(
        seconds
        for name, seconds in one["by_name"].items()
        if not name.startswith("1-")
        and "/" in name
        and not name.endswith(("searched-vectors", "risk-model"))
    )


def command_line() -> None:
    """Measure, print, and write where --write asks for it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", type=int, nargs="?", default=50_000)
    parser.add_argument("queries", type=int, nargs="?", default=8_192)
    parser.add_argument("--write", action="store_true", help="write the tables into their page")
    chosen = parser.parse_args()
    made = main(chosen.documents, chosen.queries)
    print(made)
    if chosen.write:
        write_made(PAGE, SCRIPT, made)


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(*sys.argv[2:])
    else:
        command_line()
