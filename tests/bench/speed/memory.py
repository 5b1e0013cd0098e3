"""Line 7: the peak memory of a large run, generated: clustered vectors and tiny texts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.speed.commands import fresh, given_vectors, negmine
from tests.bench.speed.measure import once
from tests.bench.speed.records import Setup, record, sides, target

DIMS, SEED, AT_ONCE, CLUSTER = 384, 13, 10_000, 50


def measure(setup: Setup) -> dict[str, Any]:
    """Measure the whole mine with all queries, and with a tenth of them."""
    documents = setup.size("memory_documents", 1_000_000, 10_000)
    queries = setup.size("memory_queries", 100_000, 1_000)
    found = {}
    for count in (queries // 10, queries):
        folder = generate(setup.work / f"generated-{documents}-{count}", documents, count)
        work = fresh(setup.work / "memory")
        command = negmine("mine", work, **given_vectors(folder))
        name = f"{count:,} queries"
        found |= sides({name: [once(command, setup.work / f"logs/memory-{count}.log")]})
        shutil.rmtree(work)
    few, many = (found[f"{count:,} queries"]["peak_mb"] for count in (queries // 10, queries))
    targets = [
        target(f"peak RSS, {queries:,} queries", many, "at most", 2_500, "MB"),
        target("what ten times the queries add", many - few, "at most", 200, "MB"),
    ]
    what = (
        f"{documents:,} documents of {DIMS} dimensions, generated in clusters of {CLUSTER}, tiny texts, one "
        "positive a query; `negmine mine` with given vectors, k = 100 and its default rules; one run each. "
        f"The documents' vectors are {documents * DIMS * 4 / 2**20:,.0f} MB as float32."
    )
    return record(what, found, targets)


def generate(folder: Path, documents: int, queries: int) -> Path:
    """Write corpus, queries, qrels and vectors, a block at a time; return the folder. Made once."""
    if (folder / "qrels/train.tsv").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "qrels").mkdir(parents=True)
    _vectors(folder / "d.npy", documents, range(0, documents, AT_ONCE), SEED)
    _vectors(folder / "q.npy", queries, range(0, queries, AT_ONCE), SEED + 1)
    for kind, count in (("corpus", documents), ("queries", queries)):
        with open(folder / f"{kind}.jsonl", "w") as lines:
            lines.writelines(_texts(kind, count))
    with open(folder / "qrels/train.tsv", "w") as lines:
        lines.write("query-id\tcorpus-id\tscore\n")
        # Query n was drawn around the centre that document n was drawn around.
        lines.writelines(f"queries{n}\tcorpus{n}\t1\n" for n in range(queries))
    return folder


def _vectors(path: Path, count: int, starts: range, seed: int) -> None:
    """Write unit vectors: row n is a centre, the same for CLUSTER rows that follow each other, and noise."""
    import numpy as np

    array = np.lib.format.open_memmap(path, "w+", np.float32, (count, DIMS))
    for start in starts:
        size = min(AT_ONCE, count - start)
        centres = np.random.default_rng([SEED, start]).standard_normal(
            (AT_ONCE // CLUSTER, DIMS), np.float32
        )
        noise = np.random.default_rng([seed, start, 1]).standard_normal((size, DIMS), np.float32)
        block = np.repeat(centres, CLUSTER, axis=0)[:size] + noise
        array[start : start + size] = block / np.linalg.norm(block, axis=1, keepdims=True)
    array.flush()


def _texts(kind: str, count: int) -> Iterator[str]:
    return (json.dumps({"_id": f"{kind}{n}", "text": f"{kind} {n}"}) + "\n" for n in range(count))
