"""How long `--max-reuse` takes, and how much memory, where many queries want the same documents.

Candidates are drawn so that a few documents are among those of very many queries (a Zipf law), as hubs are. A
row is a query's candidate; 100,000 queries have ten million.

    python -m tests.bench.max_reuse [--queries 100000] [--candidates 100] [--max-reuse 10]
"""

import argparse
import resource
import time

import numpy as np
import polars as pl

from negmine.config.settings import WriteSettings
from negmine.stages.write.reuse import fit, matched
from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.selection import selected

PART, SEED = 4_096, 13


def parts(folder, queries, candidates):
    """Write the candidates part by part, in the columns of `verdicts` that a selection reads."""
    chance = np.random.default_rng(SEED)
    paths = []
    for start in range(0, queries, PART):
        own = np.arange(start, min(start + PART, queries))
        docs = _zipf(chance, 2 * queries, (len(own), candidates))
        paths.append(folder / f"{start}.parquet")
        rank = np.tile(np.arange(1, candidates + 1), len(own))
        frame = pl.DataFrame(
            {
                "query_id": np.repeat([f"q{n}" for n in own], candidates),
                "doc_id": [f"c{n}" for n in docs.ravel()],
                "rank": rank,
                "dense_score": 1 - rank / 100 + chance.random(len(rank)) / 1_000,
                "kept": rank > candidates // 10,
            }
        ).with_columns(label=pl.lit("unlabeled"), positive_score=pl.lit(1.0))
        frame.unique(["query_id", "doc_id"], keep="first", maintain_order=True).write_parquet(
            paths[-1]
        )
    return paths


def _zipf(chance, count, shape):
    """Return document numbers below `count`; the chance of document i is about 1 / (i + 10)."""
    ends = np.log(np.arange(count + 1) + 10.0)
    drawn = ends[0] + chance.random(shape) * (ends[-1] - ends[0])
    return np.searchsorted(ends, drawn, side="right") - 1


def measure(paths, most, negatives=5):
    """Return seconds, rounds, documents with a limit, and peak memory in MB."""
    write = WriteSettings(num_negatives=negatives, max_reuse=most)
    selection = Selection(write, score="dense", retrievers=("dense",))

    def demands(cutoffs):
        for path in paths:
            yield fit(selected(pl.read_parquet(path), selection.with_cutoffs(cutoffs)), "dense")

    start = time.monotonic()
    result = matched(demands, most)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return time.monotonic() - start, result.rounds, result.cutoffs.height, peak


def main():
    """Print a row of a table."""
    import tempfile
    from pathlib import Path

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--candidates", type=int, default=100)
    parser.add_argument("--max-reuse", type=int, default=10)
    chosen = parser.parse_args()
    print("| queries | candidates | --max-reuse | rounds | seconds | CPU s | limited | peak MB |")
    with tempfile.TemporaryDirectory() as folder:
        paths = parts(Path(folder), chosen.queries, chosen.candidates)
        before = time.process_time()
        seconds, rounds, limited, peak = measure(paths, chosen.max_reuse)
        cells = [chosen.queries, chosen.candidates, chosen.max_reuse, rounds, round(seconds)]
        cells += [round(time.process_time() - before), limited, round(peak)]
        print(f"| {' | '.join(f'{cell:,}' for cell in cells)} |")


if __name__ == "__main__":
    main()
