"""How large the report of 100,000 queries is, how long it takes, and the memory it needs; generated vectors.

python -m tests.bench.report_size WORK [--queries 100000]: mines first, then reports in a process of its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import negmine
from tests.bench.sweep import write

K = 100


def mine(work, queries):
    """Mine generated vectors, 100 candidates a query, where it is not done yet."""
    flags = write(work / "data", queries) | {"k": K}
    start = time.perf_counter()
    negmine.mine(work / "work", **flags)
    print(f"mine: {time.perf_counter() - start:.0f} s", flush=True)


def report(work, leak):
    """Print seconds, peak memory and sizes of one report."""
    start = time.perf_counter()
    page, numbers = work / "page.html", work / "page.json"
    found = negmine.report(work / "work", html=page, json=numbers, leak=leak)
    told = {
        "leak": leak,
        "queries": found.totals.queries,
        "candidates": found.totals.candidates,
        "seconds": round(time.perf_counter() - start, 1),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "html_mb": round(page.stat().st_size / 1e6, 2),
        "json_mb": round(numbers.stat().st_size / 1e6, 2),
    }
    print(json.dumps(told), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--report", choices=["with-leak", "without-leak"])
    asked = parser.parse_args()
    if asked.report:
        report(asked.work, asked.report == "with-leak")
        return
    mine(asked.work, asked.queries)
    for kind in ("without-leak", "with-leak"):
        module = [sys.executable, "-m", "tests.bench.report_size", str(asked.work)]
        subprocess.run([*module, "--report", kind], check=True)


if __name__ == "__main__":
    main()
