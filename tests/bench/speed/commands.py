"""The commands that are measured, as lists of words."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

PYTHON = sys.executable


def negmine(command: str, work: Path, **flags: Any) -> list[str]:
    """Return a negmine command; a flag that is True stands alone."""
    words = [PYTHON, "-m", "negmine.cli", command, str(work)]
    for name, value in flags.items():
        words.append("--" + name.replace("_", "-"))
        words += [] if value is True else [str(value)]
    return words


def peer(module: str, *words: Any) -> list[str]:
    """Return the command that runs a module of this folder."""
    return [PYTHON, "-m", f"tests.bench.speed.{module}", *map(str, words)]


def one_after_another(*commands: list[str]) -> list[str]:
    """Return one command that runs several."""
    return ["sh", "-c", " && ".join(map(shlex.join, commands))]


def given_vectors(folder: Path) -> dict[str, Any]:
    """Return the flags of line 1, without rules: given vectors, searched to k = 100."""
    return {
        "data": folder, "retriever": "dense", "k": 100,
        "document_vectors": folder / "d.npy", "query_vectors": folder / "q.npy",
    }  # fmt: skip


# The rules that sentence-transformers has too, and no other that costs time.
SAME_RULES = {
    "relative_margin": 0.05, "no_risk": True, "no_near_duplicate": True, "num_negatives": 10,
}  # fmt: skip


def seconds_by_artifact(work: Path) -> dict[str, float]:
    """Return what making each artifact of a work directory took, as its manifest says."""
    found = {}
    for path in sorted(work.glob("*-*/*/_manifest.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        found[f"seconds of {manifest['artifact']}"] = manifest["seconds"]
    return found


def fresh(work: Path) -> Path:
    """Return a work directory that does not exist."""
    shutil.rmtree(work, ignore_errors=True)
    return work
