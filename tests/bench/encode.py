"""How fast texts become stored vectors: `negmine index` against sentence-transformers' encode().

python -m tests.bench.encode OUT.json [--documents 4000] [--runs 3] [--small]

Whole processes in turn, each from the same gzipped corpus to an .npy file: sentence-transformers as it
comes (float32, batches of 32), `negmine index --dtype auto`, `negmine index --dtype float32`. negmine also
folds copies, hashes and keeps every vector in its store. Wall seconds decide; on a busy machine the
ratio of processor seconds says more, and stands beside them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import tempfile
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.collections import DATA
from tests.bench.speed.commands import PYTHON, fresh, negmine
from tests.bench.speed.measure import in_turn
from tests.bench.speed.records import ratio, record, sides, target

TOP = 30
PEER, AUTO, SINGLE = "sentence-transformers", "negmine, auto", "negmine, float32"


def prepare(folder: Path, documents: int) -> Path:
    """Write a BEIR folder with the first documents of Debian's descriptions, and one query."""
    (folder / "qrels").mkdir(parents=True)
    for name, rows in (("corpus", documents), ("queries", 1)):
        with gzip.open(DATA / "debian-packages" / f"{name}.jsonl.gz", "rt") as lines:
            text = "".join(islice(lines, rows))
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    with gzip.open(DATA / "debian-packages/qrels/test.tsv.gz", "rt") as lines:
        (folder / "qrels/train.tsv").write_text("".join(islice(lines, 2)), encoding="utf-8")
    return folder


def texts(folder: Path) -> list[str]:
    """Return the documents, each a title, a space and a text."""
    with (folder / "corpus.jsonl").open(encoding="utf-8") as lines:
        return [f"{row['title']} {row['text']}" for row in map(json.loads, lines)]


def default_model() -> Path:
    """Return the folder of the default model."""
    from negmine.data.identity import file_digest
    from negmine.models.locate import DEFAULT, resolve_model

    return resolve_model(DEFAULT, file_digest)


def peer(folder: Path, out: Path) -> None:
    """Encode the corpus as sentence-transformers does by default, and save the vectors."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(default_model()), device="cpu")
    np.save(out, model.encode(texts(folder), show_progress_bar=False))


def quality(reference: np.ndarray, vectors: np.ndarray) -> dict[str, float]:
    """Return the mean cosine to the reference, and how much of the nearest 30 of every row is the same."""
    reference = reference / np.linalg.norm(reference, axis=1, keepdims=True)
    wanted, found = nearest(reference), nearest(vectors)
    same = [len(set(a) & set(b)) / TOP for a, b in zip(wanted, found, strict=True)]
    return {
        "cosine": float((reference * vectors).sum(axis=1).mean()),
        "overlap": float(np.mean(same)),
    }


def nearest(vectors: np.ndarray) -> np.ndarray:
    """Return the 30 nearest other rows of every row."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    return np.argpartition(-scores, TOP, axis=1)[:, :TOP]


def padding(folder: Path) -> dict[str, float]:
    """Return padding per token of text: of 32 neighbours by characters, and of negmine's batches."""
    from sentence_transformers import SentenceTransformer

    from negmine.models.batches import batches, budget
    from negmine.models.lengths import Lengths

    found = texts(folder)
    count = Lengths(SentenceTransformer(str(default_model()), device="cpu"))(found)
    order = np.argsort([-len(text) for text in found])
    plans = {
        "encode()": [order[first : first + 32] for first in range(0, len(order), 32)],
        "negmine": batches(count, budget(32, "cpu")),
    }
    return {
        name: sum(len(batch) * count[batch].max() for batch in plan) / count.sum() - 1
        for name, plan in plans.items()
    }


def measure(work: Path, documents: int, runs: int) -> dict[str, Any]:
    """Return the record of this line (see tests/bench/speed/records.py)."""
    from negmine.models.locate import resolve_dtype

    data, saved = prepare(work / "data", documents), work / "peer.npy"
    flags = {"data": data, "retriever": "dense", "device": "cpu"}
    folders = {AUTO: work / "auto", SINGLE: work / "float32"}

    def ours(name: str, dtype: str) -> list[str]:
        return negmine("index", fresh(folders[name]), dtype=dtype, **flags)

    theirs = [PYTHON, "-m", "tests.bench.encode", "--peer", str(data), str(saved)]
    commands = {
        PEER: lambda: theirs,
        AUTO: partial(ours, AUTO, "auto"),
        SINGLE: partial(ours, SINGLE, "float32"),
    }
    found = sides(in_turn(commands, runs, work / "logs", warm_up=False))
    half = resolve_dtype("auto", "cpu") != "float32"
    reference = np.load(saved)
    near = {name: quality(reference, load(folder)) for name, folder in folders.items()}
    fast, single = ratio(found[PEER], found[AUTO]), ratio(found[PEER], found[SINGLE])
    targets = [
        target("as fast as encode(), --dtype auto", fast, "at least", 1.7 if half else 1.0),
        target("as fast as encode(), float32", single, "at least", 1.0),
        target("mean cosine to float32", near[AUTO]["cosine"], "at least", 0.999, ""),
        target("overlap of the top 30", near[AUTO]["overlap"], "at least", 0.98, ""),
    ]
    facts = {
        "documents": documents,
        "auto": resolve_dtype("auto", "cpu"),
        "processor seconds, encode() to auto": ratio(found[PEER], found[AUTO], "cpu_s"),
        "processor seconds, encode() to float32": ratio(found[PEER], found[SINGLE], "cpu_s"),
        "float32": near[SINGLE],
        "padding per token": padding(data),
    }
    return record("encode", found, targets, facts)


def load(folder: Path) -> np.ndarray:
    """Return the vectors of all documents of a work directory."""
    return np.load(next(folder.glob("1-index/dense-*/documents.npy")))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--documents", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a smoke test")
    parser.add_argument("--peer", type=Path, nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if asked.peer:
        peer(*asked.peer)
        return
    documents, runs = (100, 1) if asked.small else (asked.documents, asked.runs)
    with tempfile.TemporaryDirectory(prefix="negmine-bench-") as work:
        found = measure(Path(work), documents, runs)
    for goal in found["targets"]:
        print(
            f"{goal['name']}: {goal['value']:.4f}",
            "" if goal["met"] else "(missed)",
            file=sys.stderr,
        )
    text = json.dumps(found, indent=1) + "\n"
    if asked.out is None:
        print(text)
    else:
        asked.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
