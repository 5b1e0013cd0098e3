"""What documents cost by their number: seconds of every stage and artifact, peak memory, bytes on disk.

Documents and their ids are generated: 12 words by Zipf's law, and vectors by a seed, float16 of 384 dimensions.
Each of 10,000 queries has words and the vector of a document, with noise. The stages run as commands under
`--memory 4GB`, each in a process of its own, with exact dense search and BM25 at k = 100.

    python -m tests.bench.documents_by_size FOLDER [--documents 100000 --documents 1000000] [--shards auto]

FOLDER needs some 3.5 kB for each document. A killed run goes on: seconds and memory of
stages are then those of what was left; seconds of artifacts are right.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

SIZES = (100_000, 1_000_000, 10_000_000)
QUERIES, K, DIMS, WORDS, VOCABULARY = 10_000, 100, 384, 12, 200_000
AT_ONCE, SEED, MEMORY = 50_000, 13, "4GB"
STAGES = ("index", "retrieve", "filter", "write")
DONE = "collection.json"
CLI = "from negmine.cli.start import main; main()"


def collection(folder: Path, documents: int) -> None:
    """Write corpus, queries, qrels and vectors, unless they are there."""
    if (folder / DONE).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    shape = (documents, DIMS)
    vectors = np.lib.format.open_memmap(folder / "documents.npy", "w+", np.float16, shape)
    positives = np.linspace(0, documents - 1, QUERIES).astype(np.int64)
    queries, their_vectors = [], []
    schema = pa.schema([("_id", pa.large_string()), ("text", pa.large_string())])
    with pq.ParquetWriter(folder / "corpus.parquet", schema) as writer:
        for start in range(0, documents, AT_ONCE):
            numbers = np.arange(start, min(start + AT_ONCE, documents))
            chance = np.random.default_rng([SEED, start])
            words = texts(chance, len(numbers), WORDS)
            rows = unit(chance.standard_normal((len(numbers), DIMS), np.float32))
            vectors[numbers] = rows
            writer.write_table(pa.table([[f"d{n:08d}" for n in numbers], words], schema=schema))
            asked = positives[(positives >= start) & (positives < start + AT_ONCE)] - start
            queries += [" ".join(words[place].split()[:3]) for place in asked]
            noise = chance.standard_normal((len(asked), DIMS), np.float32)
            their_vectors.append(unit(rows[asked] + 0.05 * noise))
    vectors.flush()
    np.save(folder / "queries.npy", np.concatenate(their_vectors).astype(np.float16))
    ids = [f"q{n:05d}" for n in range(QUERIES)]
    pl.DataFrame({"_id": ids, "text": queries}).write_parquet(folder / "queries.parquet")
    docs = [f"d{n:08d}" for n in positives]
    qrels = pl.DataFrame({"query_id": ids, "doc_id": docs, "relevance": [1] * QUERIES})
    qrels.write_parquet(folder / "qrels.parquet")
    (folder / DONE).write_text(json.dumps({"documents": documents}))


def texts(chance: np.random.Generator, count: int, words: int) -> list[str]:
    """Return so many texts of so many words each, drawn by Zipf's law with exponent 1."""
    ranks = np.exp(chance.random((count, words)) * np.log(VOCABULARY)).astype(np.int64)
    return [" ".join(map("w{}".format, row)) for row in ranks.tolist()]


def unit(rows: np.ndarray) -> np.ndarray:
    """Return rows of length 1."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def measured(folder: Path, documents: int, shards: str) -> dict[str, Any]:
    """Run the stages; return seconds and peak memory of each, and seconds and bytes of each artifact."""
    work = folder / "work"
    sources = {
        "corpus": "corpus.parquet", "queries": "queries.parquet", "qrels": "qrels.parquet",
        "document-vectors": "documents.npy", "query-vectors": "queries.npy",
    }  # fmt: skip
    flags = [part for name, file in sources.items() for part in (f"--{name}", str(folder / file))]
    flags += ["--vector-dtype", "float16", "--memory", MEMORY, "--shards", shards]
    stages = {}
    for stage in STAGES:
        own = {"index": flags, "retrieve": ["--k", str(K)]}.get(stage, [])
        stages[stage] = timed([sys.executable, "-c", CLI, stage, str(work), *own])
    artifacts = {}
    for path in sorted(work.glob("[0-9]*/*/_manifest.json")):
        manifest = json.loads(path.read_text())
        size = sum(one["bytes"] for one in manifest["parts"])
        artifacts[manifest["artifact"]] = {"seconds": manifest["seconds"], "bytes": size}
    return {"documents": documents, "stages": stages, "artifacts": artifacts}


def timed(command: list[str]) -> dict[str, float]:
    """Run a command; return seconds by the clock and of its cores, and its peak memory in GB (resident)."""
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_gb": round(usage.ru_maxrss * 1024 / 1e9, 2),
    }


def shown(results: list[dict[str, Any]]) -> str:
    """Return tables: a row for each stage and artifact, columns for each size."""
    heads = [f"{one['documents']:,}" for one in results]
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]

    def row(name: str, values: list[str]) -> None:
        lines.append(f"| {name} | " + " | ".join(values) + " |")

    for stage in STAGES:
        each = [one["stages"][stage] for one in results]
        row(f"{stage}, seconds", [f"{one['seconds']:,.0f}" for one in each])
        row(f"{stage}, peak GB", [f"{one['peak_gb']:.2f}" for one in each])
    for name in results[0]["artifacts"]:
        each = [(one["artifacts"].get(name), one["documents"]) for one in results]
        row(
            f"`{name}`, seconds; MB; microseconds a document",
            [
                f"{made['seconds']:,.1f}; {made['bytes'] / 1e6:,.1f}; {made['seconds'] / count * 1e6:,.1f}"
                if made
                else ""
                for made, count in each
            ],
        )
    totals = [sum(made["bytes"] for made in one["artifacts"].values()) / 1e9 for one in results]
    row("all, GB on disk", [f"{total:.2f}" for total in totals])
    return "\n".join(lines)


def main() -> None:
    """Measure all sizes, the smallest first; print JSON lines, then the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, action="append")
    parser.add_argument("--shards", default="auto")
    chosen = parser.parse_args()
    results = []
    for documents in sorted(chosen.documents or SIZES):
        folder = chosen.folder / str(documents)
        collection(folder, documents)
        results.append(measured(folder, documents, chosen.shards))
        print(json.dumps(results[-1]), flush=True)
    print(shown(results))


if __name__ == "__main__":
    main()
