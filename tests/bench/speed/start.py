"""Line 8: how long the smallest commands take, and what BM25-only commands import."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.bench.speed.commands import PYTHON, fresh, negmine
from tests.bench.speed.measure import in_turn, once
from tests.bench.speed.records import Setup, record, sides, target

DATA = Path(__file__).parents[3] / "examples" / "scifact-mini"
HEAVY = ("torch", "sentence_transformers", "transformers", "faiss")
# Runs the command in this process and then says which heavy packages it has imported.
ASK = f"""
import sys
from negmine.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print('imported:', *sorted(set({HEAVY}) & set(sys.modules)))
"""


def measure(setup: Setup) -> dict[str, Any]:
    """Measure --help, --version and status; run the BM25-only rooms and look at sys.modules."""
    work = setup.work / "start"
    first = negmine("mine", fresh(work), data=DATA, retriever="bm25")
    once(first, setup.work / "logs/start-mine.log")
    commands = {
        "negmine --help": lambda: [PYTHON, "-m", "negmine.cli", "--help"],
        "negmine mine --help": lambda: [PYTHON, "-m", "negmine.cli", "mine", "--help"],
        "negmine status": lambda: negmine("status", work),
    }
    runs = max(setup.runs, 2 if setup.small else 7)
    found = sides(in_turn(commands, runs, setup.work / "logs" / "start"))
    heavy = {name: _imported(words) for name, words in _bm25_only(setup).items()}
    targets = [
        target("negmine --help", found["negmine --help"]["seconds"], "under", 0.3, "s"),
        target("negmine status", found["negmine status"]["seconds"], "under", 1, "s"),
        target("heavy packages that BM25-only commands import",
               len(set().union(*heavy.values())), "at most", 0, ""),
    ]  # fmt: skip
    what = (
        "A finished BM25-only run of examples/scifact-mini. Heavy packages: "
        + ", ".join(HEAVY)
        + "."
    )
    return record(
        what, found, targets, {f"imported by {name}": sorted(v) for name, v in heavy.items()}
    )


def _bm25_only(setup: Setup) -> dict[str, list[str]]:
    work = fresh(setup.work / "start-modules")
    return {
        "index": ["index", str(work), "--data", str(DATA), "--retriever", "bm25"],
        "retrieve": ["retrieve", str(work)],
        "filter": ["filter", str(work)],
        "write": ["write", str(work)],
        "status": ["status", str(work)],
    }


def _imported(words: list[str]) -> set[str]:
    done = subprocess.run([PYTHON, "-c", ASK, *words], capture_output=True, text=True, check=True)
    return set(done.stdout.rsplit("imported:", 1)[1].split())
