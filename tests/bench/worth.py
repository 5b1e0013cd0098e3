"""What does a part of negmine give? `negmine mine` with it and without it, as whole processes, in turn.

A variant is the command line, started after some lines of Python that switch a part off, or put a deleted
one back. Processor seconds and peak memory count: other work on the machine disturbs them less than
wall seconds. What was decided: docs/explanation/design.md, "Measured and kept".

    python -m tests.bench.worth WORK allocators [--data given|bm25|model] [--runs 3] [--documents 100000]
    python -m tests.bench.worth WORK bfloat16
"""

import argparse
from pathlib import Path

from tests.bench.collections import flags_of
from tests.bench.speed.collection import copy
from tests.bench.speed.commands import PYTHON, fresh, given_vectors, negmine
from tests.bench.speed.measure import in_turn, summary
from tests.bench.speed.memory import generate

ALLOCATORS = {
    "as it is": "",
    "nothing": "allocators.settle = lambda: None",
    "without the environment": "allocators._ENVIRONMENT.clear()",
    "without Polars' settings": "del allocators._ENVIRONMENT['_RJEM_MALLOC_CONF']",
    "without arenas": (
        "set_ = allocators._set\n"
        "allocators._set = lambda option, value: option == -8 or set_(option, value)"
    ),
    "without mallopt": "allocators._set = lambda option, value: None",
    "without keep": "allocators.keep = lambda: None",
    "without malloc_trim": (
        "def give_back():\n    allocators._set(-3, 1 << 20)\n    allocators._set(-1, 1 << 17)\n"
        "allocators.give_back = give_back"
    ),
}
WIDENED = """
import numpy as np
import torch
from negmine.retrievers.dense.nearest import Lists

def on_cpu(queries, documents, k, products=coarse.PRODUCTS):
    halved = torch.from_numpy(queries).bfloat16()
    lists = Lists(len(queries), k, np.dtype(np.float32))
    block = lists.block(products, len(documents))
    for first in range(0, len(documents), block):
        part = torch.from_numpy(np.array(documents[first : first + block], np.float32)).bfloat16()
        lists.add((halved @ part.T).float().numpy(), first)
    return lists.rows()

coarse.on_cpu = on_cpu
"""
COARSE = {
    "as it is": "",
    "widened to float32, not int16": WIDENED,
    "float32 alone": "coarse.is_worth_it = lambda *sizes: False",
}
PARTS = {
    "allocators": ("from negmine.engine import allocators\n", ALLOCATORS),
    "bfloat16": (
        "from negmine.engine import allocators\nallocators.settle()\n"
        "from negmine.retrievers.dense import coarse\n",
        COARSE,
    ),
}
MAIN = "\nfrom negmine.cli.app import main\nmain()"


def flags(data, work, documents):
    """Return the flags of `mine`: generated vectors and tiny texts; Debian by BM25; or Cranfield by MiniLM."""
    if data == "given":
        folder = work / f"generated-{documents}"
        return given_vectors(generate(folder, documents, documents // 10))
    if data == "bm25":
        return {"data": copy(work / "debian", 63_815, 20_000), "retriever": "bm25"}
    return flags_of("cranfield", work) | {"retriever": "dense"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--data", choices=("given", "bm25", "model"), default="given")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--documents", type=int, default=100_000)
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    chosen, (before, variants) = flags(asked.data, asked.work, asked.documents), PARTS[asked.part]

    def command(lines):
        words = negmine("mine", fresh(asked.work / "mine"), **chosen)
        return [PYTHON, "-c", before + lines + MAIN, *words[3:]]

    commands = {name: lambda lines=lines: command(lines) for name, lines in variants.items()}
    found = in_turn(commands, asked.runs, asked.work / "logs", warm_up=asked.runs > 1)
    print("| variant | CPU s | peak MB |\n|---|---|---|")
    for name, runs in found.items():
        row = summary(runs)
        print(f"| {name} | {row['cpu_s']:.1f} | {row['peak_mb']:.0f} |")


if __name__ == "__main__":
    main()
