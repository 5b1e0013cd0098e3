"""How much of building BM25 workers of a cluster do: seconds of processor, and bytes of what they leave.

    python -m tests.bench.bm25_parts [--write]

100,000 documents of 60 words, drawn by Zipf's law, in parts of 16,384. Seconds are those of this process, so
others disturb them little. --write puts the table into docs/how-to/cluster.md.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from negmine.config.memory import PART_DOCUMENTS
from negmine.config.settings import IndexSettings
from negmine.engine.progress import Silent
from negmine.retrievers.bm25.analyzer import analyzer_of
from negmine.retrievers.bm25.build import fill
from negmine.retrievers.bm25.counts import count
from negmine.storage.parquet import write_table
from tests.bench import pages
from tests.bench.documents_by_size import SEED, texts

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "cluster.md"
SCRIPT = "tests/bench/bm25_parts.py"
DOCUMENTS, WORDS = 100_000, 60


def tables(folder: Path) -> dict[str, str]:
    """Measure with and without a stemmer; return the table by its mark."""
    chance = np.random.default_rng(SEED)
    parts = [
        pa.table(
            {"doc_id": [f"d{first + n}" for n in range(size)], "text": texts(chance, size, WORDS)}
        )
        for first in range(0, DOCUMENTS, PART_DOCUMENTS)
        for size in [min(PART_DOCUMENTS, DOCUMENTS - first)]
    ]
    lines = [
        "| | workers count, s | the driver fills, s | workers' share | pieces, MB | index, MB |",
        "|---|---|---|---|---|---|",
    ]
    for stemmer in (None, "english"):
        one = measured(parts, folder / str(stemmer), IndexSettings(stemmer=stemmer))
        share = one["count"] / (one["count"] + one["fill"])
        name = "no stemmer" if stemmer is None else f"`--stemmer {stemmer}`"
        cells = (f"{one[key]:.1f}" for key in ("count", "fill"))
        sizes = (f"{one[key] / 1e6:.0f}" for key in ("pieces", "index"))
        lines.append(f"| {' | '.join([name, *cells, f'{share:.0%}', *sizes])} |")
    return {SCRIPT: "\n".join(lines)}


def measured(parts: list[pa.Table], folder: Path, settings: IndexSettings) -> dict[str, Any]:
    """Count each part, write it as a piece is written, and fill an index with all."""
    pieces, index = folder / "pieces", folder / "index"
    for one in (pieces, index):
        one.mkdir(parents=True)
    analyzer = analyzer_of(settings)
    analyzer.lists(parts[0].slice(0, 1))  # loads what is loaded once
    start = time.process_time()
    for number, part in enumerate(parts):
        with (pieces / f"{number}.parquet").open("wb") as stream:
            write_table(count(analyzer, part, "bm25s"), stream)
    counted = time.process_time()
    read = (pl.read_parquet(pieces / f"{number}.parquet") for number in range(len(parts)))
    fill(read, index, settings, Silent(), DOCUMENTS)
    seconds = {"count": counted - start, "fill": time.process_time() - counted}
    sizes = {
        one.name: sum(path.stat().st_size for path in one.iterdir()) for one in (pieces, index)
    }
    return {**seconds, **sizes}


if __name__ == "__main__":
    pages.main(__doc__, PAGE, tables)
