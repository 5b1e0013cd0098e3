"""What --index binary misses and costs, beside exact search: on four collections, and on many vectors.

python -m tests.bench.binary [--write]. MiniLM has 384 dimensions; WordLlama's static vectors have 256, and
encode the larger collections in seconds. Recall is the share of the 100 best documents of exact search, over at
most 500 queries. The vectors of the second table are random, since only time and bytes are measured; seconds
are those of the processor, of all threads.
"""

import time
from functools import partial
from pathlib import Path

import numpy as np

import negmine
from negmine.engine.progress import Silent
from negmine.retrievers.dense import binary, exact, nearest
from negmine.retrievers.dense.binary import Binary
from negmine.retrievers.dense.int8 import make_int8, open_documents
from tests.bench.collections import encoder, flags_of
from tests.bench.pages import main

PAGE = Path(__file__).parents[2] / "docs/how-to/large-corpora.md"
SETUPS = (
    ("cranfield", "MiniLM"),
    ("xquad-r", "WordLlama"),
    ("scifact", "WordLlama"),
    ("debian-packages", "WordLlama"),
)
K, RESCORE, ASKED = 100, (1, 2, 4, 8), 500
DOCUMENTS, DIMS, QUERIES = 500_000, 384, 1_000


def exactly(queries, documents, k):
    order = np.arange(len(documents))
    return exact.search(queries, documents, k, order, nearest.on_cpu)


def recall(proposed, right):
    shared = [len(np.intersect1d(*pair)) for pair in zip(proposed.docs, right.docs, strict=True)]
    return sum(shared) / right.docs.size


def of_collections(folder):
    shown = " | ".join(f"`--rescore {n}`" for n in RESCORE)
    lines = [
        f"| collection | model | documents | vectors | {shown} |",
        "|---" * (4 + len(RESCORE)) + "|",
    ]
    for name, model in SETUPS:
        flags = flags_of(name, folder) | ({"qrels_split": "train"} if name == "scifact" else {})
        work = folder / name
        negmine.index(work, **flags, retriever=["dense"], model=encoder(model, folder))
        made = next(work.glob("1-index/dense-*"))
        queries = np.load(made / "queries.npy")
        queries = queries[np.random.default_rng(1).permutation(len(queries))[:ASKED]]
        for dtype in ("float32", "int8"):
            if dtype == "int8":
                make_int8(made / "documents.npy")
            documents = open_documents(made, None, True)
            binary.build(documents, made, Silent())
            right, order = exactly(queries, documents, K), np.arange(len(documents))
            shares = [
                recall(Binary(made, n).search(queries, documents, K, order), right) for n in RESCORE
            ]
            found = " | ".join(f"{share:.3f}" for share in shares)
            lines.append(f"| {name} | {model} | {len(documents):,} | {dtype} | {found} |")
    return "\n".join(lines)


def of_many(folder):
    rng = np.random.default_rng(1)
    documents = np.lib.format.open_memmap(
        folder / "documents.npy", "w+", np.float32, (DOCUMENTS, DIMS)
    )
    for start in range(0, DOCUMENTS, 50_000):
        rows = rng.standard_normal((50_000, DIMS), np.float32)
        documents[start : start + 50_000] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    queries = np.array(documents[:QUERIES])
    stats = binary.build(documents, folder, Silent())
    order = np.arange(DOCUMENTS)
    ways = {"`--index flat`": partial(exactly, queries, documents, K)}
    for n in (4, 8):
        search = partial(Binary(folder, n).search, queries, documents, K, order)
        ways[f"`--index binary --rescore {n}`"] = search
    lines = [
        "| search | processor seconds | bytes that each query reads in full |",
        "|---|---|---|",
    ]
    for name, search in ways.items():
        search()  # compiles, and brings the files into memory
        start = time.process_time()
        search()
        size = stats["vector_bytes"] if "flat" in name else stats["bytes"]
        lines.append(f"| {name} | {time.process_time() - start:.1f} | {size:,} |")
    return "\n".join(lines)


def make(folder):
    return {
        "tests/bench/binary.py, collections": of_collections(folder),
        "tests/bench/binary.py, many": of_many(folder),
    }


if __name__ == "__main__":
    main(__doc__, PAGE, make)
