"""What a comparison costs: seconds and peak memory over generated queries, by number of queries.

python -m tests.bench.diff WORK [--queries 20000 60000]
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import negmine
from tests.bench.sweep import write

MEASURE = """
import sys, time
from pathlib import Path
import negmine
from negmine.doors import diff  # what is loaded once is not measured
def peak():  # MB; what getrusage says would be the parent's too
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
start, before, worked = time.perf_counter(), peak(), time.process_time()
found = negmine.diff(sys.argv[1], sys.argv[2])
print(f"{found['rows']['shared']:,} rows: {time.perf_counter() - start:.1f} s, "
      f"{time.process_time() - worked:.1f} s of CPU, peak {peak():.0f} MB, "
      f"{before:.0f} MB of it before; jaccard {found['totals']['jaccard']}")
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--queries", type=int, nargs="+", default=[20_000, 60_000])
    asked = parser.parse_args()
    for queries in asked.queries:
        folder = asked.work / str(queries)
        if not folder.exists():
            negmine.mine(folder / "a", **write(folder / "data", queries))
            shutil.copytree(folder / "a", folder / "b")
            negmine.filter(folder / "b", relative_margin=0.1)
        print(f"{queries:,} queries,", end=" ", flush=True)
        works = [str(folder / name) for name in "ab"]
        subprocess.run([sys.executable, "-c", MEASURE, *works], check=True)


if __name__ == "__main__":
    main()
