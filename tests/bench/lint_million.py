"""How long `negmine lint` takes for a million triplets, and how much memory.

Writes a Parquet file (or, with --jsonl, a text file) of 200,000 queries with a positive of about 70 words
and five negatives each, one text in ten with letters beyond ASCII, and runs the command on it in a process
of its own, with two threads.

    python -m tests.bench.lint_million WORK [--rows N] [--jsonl] [--times N]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

NEGATIVES, WORDS, DOCUMENTS, STEP = 5, 70, 300_000, 20_000
SEED = 13


def texts(count, length, chance, words):
    """Return texts of Zipf-distributed words, `length` words each on average."""
    ranks = np.minimum(chance.zipf(1.3, size=int(count * length * 1.1)), len(words)) - 1
    ends = np.cumsum(np.maximum(chance.poisson(length, count), 3))
    ends = np.minimum(ends, len(ranks))
    flat, found, start = words[ranks], [], 0
    for end in ends:
        found.append(" ".join(flat[start:end]))
        start = end
    return np.array(found, object)


def vocabulary(chance):
    """Return 50,000 words; a few have letters that are not ASCII."""
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(chance.choice(letters, size)) for size in chance.integers(2, 11, 50_000)]
    for place in range(300, 50_000, 100):
        words[place] = words[place] + "é"
    return np.array(words, object)


def write(path, rows, as_jsonl):
    """Write the file; return its size in bytes."""
    chance = np.random.default_rng(SEED)
    words = vocabulary(chance)
    documents = texts(DOCUMENTS, WORDS, chance, words)
    queries = texts(rows // NEGATIVES, 9, chance, words)
    frames = []
    for start in range(0, len(queries), STEP):
        asked = queries[start : start + STEP]
        positives = documents[chance.integers(0, DOCUMENTS, len(asked))]
        negatives = documents[chance.integers(0, DOCUMENTS, len(asked) * NEGATIVES)]
        columns = {
            "anchor": np.repeat(asked, NEGATIVES),
            "positive": np.repeat(positives, NEGATIVES),
            "negative": negatives,
        }
        frames.append(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)))
    data = pl.concat(frames)
    data.write_ndjson(path) if as_jsonl else data.write_parquet(path)
    wide = data["negative"].str.len_bytes() != data["negative"].str.len_chars()
    return path.stat().st_size, float(wide.mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--jsonl", action="store_true")
    parser.add_argument("--times", type=int, default=1, help="Read the file so many times over.")
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    path = chosen.work / f"triplets-{chosen.rows}.{'jsonl' if chosen.jsonl else 'parquet'}"
    if not path.exists():
        size, wide = write(path, chosen.rows, chosen.jsonl)
        print(f"{path.name}: {chosen.rows:,} rows, {size / 1e6:.0f} MB, {wide:.0%} beyond ASCII")
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "negmine.cli", "lint", *[str(path)] * chosen.times, "--json"],
        stdout=subprocess.PIPE, check=True, env=os.environ | {"POLARS_MAX_THREADS": "2"},
    )  # fmt: skip
    seconds = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak, cpu = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
    found = json.loads(done.stdout)["data"]
    counts = {rule["rule"]: rule["count"] for rule in found["rules"] if rule["count"]}
    rows = f"{found['totals']['rows']:,} rows"
    print(f"{rows} in {seconds:.1f} s ({cpu:.1f} s of CPU), at most {peak:,.0f} MiB of memory")
    print(counts)


if __name__ == "__main__":
    main()
