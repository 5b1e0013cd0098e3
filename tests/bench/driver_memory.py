"""How much memory reading a corpus takes, by the number of documents: what the driver of a cluster needs.

    python -m tests.bench.driver_memory [--documents 1000000 --documents 2000000 ...] [--write]

Documents have an id of 12 characters, and a text of three words that no other has. `corpus`, `queries` and
`qrels` are made, for each number of documents in a process of its own. Its private memory (not mapped files) is
read every 20 ms. --write puts the table into docs/how-to/cluster.md. Linux only.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import polars as pl

from tests.bench.ivf_memory import private
from tests.bench.pages import write_made

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "cluster.md"
SCRIPT = "tests/bench/driver_memory.py"
SIZES, AT_ONCE, QUERIES = (1_250_000, 2_500_000, 5_000_000), 250_000, 10_000
ARTIFACTS = ("1-index/corpus", "1-index/queries", "1-index/qrels")


def collection(folder: Path, documents: int) -> None:
    """Write corpus, in Parquet files of 250,000 documents, queries and qrels."""
    (folder / "corpus").mkdir(parents=True)
    for start in range(0, documents, AT_ONCE):
        rows = pl.select(number=pl.int_range(start, min(start + AT_ONCE, documents)))
        digits = pl.col("number").cast(pl.String).str.zfill(9)
        made = rows.select(_id="doc" + digits, text="the document " + digits)
        made.write_parquet(folder / "corpus" / f"{start:09d}.parquet")
    asked = pl.select(number=pl.int_range(0, QUERIES))
    ids = asked.select(_id="q" + pl.col("number").cast(pl.String))
    ids.with_columns(text="what is " + pl.col("_id")).write_parquet(folder / "queries.parquet")
    step = documents // QUERIES
    names = "doc" + (pl.col("number") * step).cast(pl.String).str.zfill(9)
    judged = asked.select(
        query_id="q" + pl.col("number").cast(pl.String), doc_id=names, relevance=1
    )
    judged.write_parquet(folder / "qrels.parquet")


def measured(folder: Path) -> dict[str, tuple[int, float]]:
    """Make the artifacts; return of each the most bytes beyond those before all, and seconds of processors."""
    from negmine.engine.run import run
    from negmine.stages.opening import context_to_mine
    from negmine.stages.plan import make_plan

    settings = {name: folder / name for name in ("queries.parquet", "qrels.parquet")}
    given = {path.stem: path for path in settings.values()}
    context = context_to_mine(
        folder / "work",
        {"corpus": folder / "corpus", **given, "retriever": ["bm25"]},
        None,
        None,
        None,
    )
    before, made = private(), {}
    for artifact in ARTIFACTS:
        start = time.process_time()
        make = partial(run, context, make_plan(context), ["index"], only=artifact.__eq__)
        peak = peak_of(make)
        made[artifact] = (peak - before, time.process_time() - start)
    return made


def peak_of(make: Callable[[], object]) -> int:
    """Return the most bytes of private memory while `make` runs."""
    peak, ended = [private()], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            peak[0] = max(peak[0], private())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        make()
    finally:
        ended.set()
        thread.join()
    return peak[0]


def main(sizes: list[int]) -> str:
    """Measure each number of documents in a process of its own; return the table."""
    spawn, rows = multiprocessing.get_context("spawn"), {}
    for documents in sorted(sizes):
        with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(1, spawn) as pool:
            collection(Path(name), documents)
            rows[documents] = pool.submit(measured, Path(name)).result()
    lines = [
        "| documents | "
        + " | ".join(f"`{one}`, MB" for one in ARTIFACTS)
        + " | all, processors, s |",
        "|---|---|---|---|---|",
    ]
    for documents, made in rows.items():
        cells = [f"{made[one][0] / 1e6:,.0f}" for one in ARTIFACTS]
        seconds = sum(seconds for _, seconds in made.values())
        lines.append(f"| {documents:,} | {' | '.join(cells)} | {seconds:.0f} |")
    least, most = min(rows), max(rows)
    each = max((rows[most][one][0] - rows[least][one][0]) / (most - least) for one in ARTIFACTS)
    return "\n".join(
        [
            *lines,
            "",
            f"Each document more takes {each:,.0f} bytes at most, so 100 million such documents take "
            f"{each * 1e8 / 1e9:,.0f} GB. Longer ids take more.",
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, action="append")
    parser.add_argument("--write", action="store_true", help="write the table into its page")
    chosen = parser.parse_args()
    made = main(chosen.documents or list(SIZES))
    print(made)
    if chosen.write:
        write_made(PAGE, SCRIPT, made)
