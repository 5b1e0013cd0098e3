"""Line 1: mine from given vectors, against both paths of sentence-transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.bench.speed.collection import DOCUMENTS, prepare
from tests.bench.speed.commands import (
    PYTHON,
    SAME_RULES,
    fresh,
    given_vectors,
    negmine,
    peer,
    seconds_by_artifact,
)
from tests.bench.speed.measure import in_turn, once
from tests.bench.speed.records import Setup, ratio, record, sides, target

FAISS, TORCH = "sentence-transformers, FAISS", "sentence-transformers, torch"


def data(setup: Setup) -> Path:
    """Return the folder of documents, queries and vectors."""
    documents = setup.size("documents", DOCUMENTS, 2_000)
    return prepare(setup.work, documents, setup.size("queries", 20_000, 500))


def measure(setup: Setup) -> dict[str, Any]:
    """Measure both paths, negmine under the same rules, and negmine with its own defaults."""
    folder = data(setup)
    flags = given_vectors(folder)
    work, own = setup.work / "mine", setup.work / "mine-defaults"

    def theirs(way: str) -> list[str]:
        return peer("peer_st", way, folder, setup.work / f"mine-{way}.parquet")

    commands = {
        "negmine": lambda: negmine("mine", fresh(work), **flags, **SAME_RULES),
        FAISS: lambda: theirs("faiss"),
        TORCH: lambda: theirs("torch"),
        "negmine, its defaults": lambda: negmine("mine", fresh(own), **flags, num_negatives=10),
    }
    found = sides(in_turn(commands, setup.runs, setup.work / "logs" / "mine"))
    ours = found["negmine"]
    targets = [
        target("seconds / seconds of the FAISS path", ratio(ours, found[FAISS]), "at most", 0.5),
        target("seconds / seconds of the torch path", ratio(ours, found[TORCH]), "at most", 0.3),
        target(
            "peak RSS / peak RSS of the FAISS path",
            ratio(ours, found[FAISS], "peak_mb"),
            "at most",
            0.5,
        ),
        target(
            "peak RSS / peak RSS of the torch path",
            ratio(ours, found[TORCH], "peak_mb"),
            "at most",
            0.2,
        ),
    ]
    facts = _facts(setup) | seconds_by_artifact(work) | _torch(setup)
    return record(_what(setup), found, targets, facts)


def _what(setup: Setup) -> str:
    return (
        f"debian-packages, {setup.size('documents', DOCUMENTS, 2_000):,} documents, the first "
        f"{setup.size('queries', 20_000, 500):,} queries, vectors of 384 dimensions (WordLlama's 256 through a "
        "seeded Gaussian matrix), k = 100, relative margin 0.05, 10 negatives, triplets to Parquet. "
        "Everything from the gzipped files to the training file. sentence-transformers searches to "
        "100 + the most positives of any query and keeps 100 after its rules."
    )


def _torch(setup: Setup) -> dict[str, float]:
    """Return what loading torch takes, which negmine does for products in bfloat16."""
    run = once([PYTHON, "-c", "import torch"], setup.work / "logs/torch.log")
    return {"seconds of import torch": run["seconds"]}


def _facts(setup: Setup) -> dict[str, Any]:
    import polars as pl

    folders = {
        "negmine": "mine/5-write/triplet/*.parquet",
        "negmine, its defaults": "mine-defaults/5-write/triplet/*.parquet",
        FAISS: "mine-faiss.parquet",
        TORCH: "mine-torch.parquet",
    }
    rows = {name: pl.scan_parquet(setup.work / path) for name, path in folders.items()}
    return {
        f"rows written, {name}": frame.select(pl.len()).collect().item()
        for name, frame in rows.items()
    }
