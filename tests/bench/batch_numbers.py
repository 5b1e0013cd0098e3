"""What `negmine batch` does for two open collections: the table in docs/how-to/compose-batches.md.

Mines each collection as usual with n-tuples of 5 negatives, composes batches in every way in a process of its
own, and counts in-batch false negatives: as written, shuffled, composed; and blind, in the same way without
looking at contradictions. Needs ../shared.

    python -m tests.bench.batch_numbers WORK [--write]
"""

import argparse
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import polars as pl

import negmine
from negmine.stages.batch import compose
from negmine.stages.batch.count import measured
from negmine.stages.batch.rows import training_rows
from negmine.stages.batch.settings import BatchSettings
from negmine.stages.opening import open_existing
from negmine.storage.layout import PROVENANCE
from tests.bench.batch_million import measure
from tests.bench.collections import flags_of, wordllama

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "compose-batches.md"
BEGIN, END = "<!-- numbers: tests/bench/batch_numbers.py -->", "<!-- end of numbers -->"
SIZES = {"stackfaq": 16, "debian-packages": 64}
BY = ("random", "cluster", "neighbour", "owner")
HEAD = ("by", "rows in batches", "false negatives a batch", "without the check", "mean cosine",
        "of the nearest", "CPU s", "MB")  # fmt: skip


def mined(name, work):
    """Mine a collection, unless that is done; return its work directory."""
    if not (work / name / "5-write" / "_manifest.json").exists():
        flags = flags_of(name, work) | {"model": str(wordllama(work / "wordllama-256"))}
        negmine.mine(work / name, format="n-tuple", num_negatives=5, **flags)
    return work / name


def blind(work, by, size):
    """Return how many false negatives a batch has that is composed without looking at contradictions."""
    context, settings = open_existing(work, {}), BatchSettings(by=by, batch_size=size)
    training = training_rows(context, PROVENANCE, settings.near_copy)
    none = np.zeros(len(training.query_ids) + 1, np.int64)
    unaware = replace(training.rows, bad_offsets=none, bad=np.empty(0, np.int32))
    with patch.object(compose, "training_rows", return_value=replace(training, rows=unaware)):
        rows = compose.compose(context, settings, PROVENANCE).rows
    order = rows.filter(pl.col("batch").is_not_null())["row"].to_numpy()
    return measured(training.rows, order, size)["per_batch"]


def table(name, work):
    """Return the lines about a collection."""
    folder, size = mined(name, work), SIZES[name]
    rows = []
    for by in BY:
        data, _, cpu, peak = measure(folder, by, size)
        counts, cosines = data["false_negatives"], data["coherence"]
        share = data["in_batches"] / data["rows"]
        cells = [f"{data['in_batches']:,} ({share:.1%})", f"{counts['composed']['per_batch']:.2f}",
                 f"{blind(folder, by, size):,.2f}", *_cosines(cosines["composed"])]  # fmt: skip
        rows.append([f"`{by}`", *cells, f"{cpu:.0f}", f"{peak:,.0f}"])
    before = [
        [
            label,
            f"{data['rows']:,}",
            f"{counts[order]['per_batch']:,.2f}",
            "",
            *_cosines(cosines[order]),
            "",
            "",
        ]
        for label, order in (("as written", "file"), ("shuffled", "shuffled"))
    ]
    title = f"**{name}**, {data['rows']:,} rows in batches of {size}:"
    lines = [_line(HEAD), "|---" * len(HEAD) + "|", *map(_line, before + rows)]
    return "\n".join([title, "", *lines])


def _cosines(values):
    return [f"{values['mean']:.2f}", f"{values['nearest']:.2f}"]


def _line(cells):
    return f"| {' | '.join(cells)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--write", action="store_true", help="Put the tables into the page.")
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(table(name, chosen.work) for name in SIZES)
    print(text)
    if chosen.write:
        before, rest = PAGE.read_text().split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
