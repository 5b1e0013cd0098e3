"""The collection that is mined: Debian's package descriptions, and vectors for them.

`prepare(work, documents, queries)` writes a BEIR folder with the first `queries` queries, `d.npy` and `q.npy`.

Encoding 63,815 documents with a transformer takes a quarter of an hour on two cores, and no line that
uses these vectors depends on how they were made. So they are WordLlama's static vectors (256 dimensions,
a mean of token vectors) sent through a seeded Gaussian matrix to 384 dimensions, unit length, float32.
Neighbours stay neighbours, near duplicates stay near duplicates.
"""

from __future__ import annotations

import gzip
import shutil
from itertools import islice
from pathlib import Path

DIMS, SEED = 384, 13
DOCUMENTS = 63_815


def prepare(work: Path, documents: int = DOCUMENTS, queries: int = 20_000) -> Path:
    """Return the folder with corpus, queries, qrels and vectors; made once."""
    folder = work / f"debian-{documents}-{queries}"
    if not (folder / "q.npy").exists():
        copy(folder, documents, queries)
        _write_vectors(folder, work)
    return folder


def copy(folder: Path, documents: int, queries: int) -> Path:
    """Write the first documents and queries, with their qrels; return the folder. Made once."""
    from tests.bench.collections import DATA

    source = DATA / "debian-packages"
    if not (folder / "qrels/train.tsv").exists():
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "qrels").mkdir(parents=True)
        _head(source / "corpus.jsonl.gz", folder / "corpus.jsonl.gz", documents)
        _head(source / "queries.jsonl.gz", folder / "queries.jsonl.gz", queries)
        # The n-th query asks for the n-th document: the first qrels are those of the first queries.
        _head(source / "qrels/test.tsv.gz", folder / "qrels/train.tsv", queries + 1)
    return folder


def _head(source: Path, target: Path, lines: int) -> None:
    opened = gzip.open if target.suffix == ".gz" else open
    with (
        gzip.open(source, "rt", encoding="utf-8") as old,
        opened(target, "wt", encoding="utf-8") as new,
    ):
        new.writelines(islice(old, lines))


def read(folder: Path, kind: str) -> tuple[list[str], list[str]]:
    """Return ids and texts of `corpus` or `queries`; a document is its title, a space and its text."""
    import json

    ids, texts = [], []
    with gzip.open(folder / f"{kind}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            ids.append(row["_id"])
            texts.append(f"{row.get('title', '')} {row['text']}".strip())
    return ids, texts


def read_qrels(folder: Path) -> list[tuple[str, str]]:
    """Return the pairs of query_id and doc_id that are relevant."""
    lines = (folder / "qrels/train.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [(query, document) for query, document, _ in (line.split("\t") for line in lines)]


def _write_vectors(folder: Path, work: Path) -> None:
    import numpy as np
    from sentence_transformers import SentenceTransformer

    from tests.bench.collections import wordllama

    model = SentenceTransformer(str(wordllama(work / "wordllama-256")), device="cpu")
    matrix = np.random.default_rng(SEED).standard_normal((256, DIMS), np.float32)
    for kind, name in (("corpus", "d"), ("queries", "q")):
        vectors = model.encode(read(folder, kind)[1], batch_size=1024) @ matrix
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.save(folder / f"{name}.npy", (vectors / lengths).astype(np.float32))
