"""How long a sweep takes: 527 cells over 60,000 queries, generated vectors.

python -m tests.bench.sweep WORK [--queries 60000]
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

import negmine

DIMS, CLUSTERS, POSITIVES, K = 64, 2000, 3, 60


def write(folder, queries):
    """Write documents in clusters, and queries with three positives of their cluster; return flags."""
    rng = np.random.default_rng(13)
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    documents = CLUSTERS * 30
    centres = rng.standard_normal((CLUSTERS, DIMS))
    where = rng.integers(0, CLUSTERS, queries)
    vectors = {
        "d": np.repeat(centres, 30, axis=0) + rng.standard_normal((documents, DIMS)),
        "q": centres[where] + rng.standard_normal((queries, DIMS)),
    }
    for name, array in vectors.items():
        unit = array / np.linalg.norm(array, axis=1, keepdims=True)
        np.save(folder / f"{name}.npy", unit.astype(np.float32))
    for file, prefix, count in (("corpus", "d", documents), ("queries", "q", queries)):
        rows = (json.dumps({"_id": f"{prefix}{n}", "text": f"{file} {n}"}) for n in range(count))
        (folder / f"{file}.jsonl").write_text("\n".join(rows))
    lines = ["query-id\tcorpus-id\tscore"]
    for query, cluster in enumerate(where):
        chosen = rng.choice(30, POSITIVES, replace=False) + 30 * cluster
        lines += [f"q{query}\td{document}\t1" for document in chosen]
    (folder / "qrels" / "train.tsv").write_text("\n".join(lines) + "\n")
    return {
        "data": folder, "document_vectors": folder / "d.npy", "query_vectors": folder / "q.npy",
        "retriever": ["dense"], "k": K,
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--queries", type=int, default=60_000)
    asked = parser.parse_args()
    flags = write(asked.work / "data", asked.queries)
    work = asked.work / "work"
    start = time.perf_counter()
    negmine.mine(work, **flags)
    print(f"mine: {time.perf_counter() - start:.1f} s", flush=True)
    grid = {
        "relative_margin": [round(0.01 * n, 2) for n in range(31)],
        "max_risk": [float(f"{v:.3g}") for v in np.geomspace(0.001, 1, 17)],
    }
    for name, run in (
        ("leak", lambda: negmine.leak(work)),
        ("sweep", lambda: negmine.sweep(work, grid)),
    ):
        start = time.perf_counter()
        found = run()
        print(f"{name}: {time.perf_counter() - start:.1f} s, {len(found)} rows", flush=True)


if __name__ == "__main__":
    main()
