"""The peers of line 4: bm25s called plainly, and rank-bm25 query by query.

python -m tests.bench.speed.peer_bm25 numpy|numba|numba-all-words FOLDER OUT.npz
python -m tests.bench.speed.peer_bm25 rank-bm25 FOLDER OUT.json QUERIES
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from tests.bench.speed.collection import read

K = 100


def plain(way: str, folder: Path, out: Path) -> None:
    """Read, tokenize, index and search with bm25s' defaults; `all-words` keeps stop words."""
    import bm25s
    import numpy as np

    documents, queries = read(folder, "corpus")[1], read(folder, "queries")[1]
    stop = {"stopwords": None} if way.endswith("all-words") else {}
    index = bm25s.BM25(backend=way.split("-")[0])
    index.index(bm25s.tokenize(documents, show_progress=False, **stop), show_progress=False)
    asked = bm25s.tokenize(queries, show_progress=False, **stop)
    docs, scores = index.retrieve(asked, k=min(K, len(documents)), show_progress=False)
    np.savez(out, docs=docs, scores=scores)


def rank_bm25(folder: Path, out: Path, count: int) -> None:
    """Index with rank_bm25.BM25Okapi, then score and cut to k a sample of queries, spread evenly."""
    import bm25s
    import numpy as np
    from rank_bm25 import BM25Okapi

    documents, queries = read(folder, "corpus")[1], read(folder, "queries")[1]
    sample = queries[:: max(1, len(queries) // count)][:count]
    start = time.perf_counter()
    index = BM25Okapi(bm25s.tokenize(documents, return_ids=False, show_progress=False))
    indexed = time.perf_counter()
    for query in bm25s.tokenize(sample, return_ids=False, show_progress=False):
        scores = index.get_scores(query)
        best = np.argpartition(-scores, min(K, len(scores)) - 1)[:K]
        best[np.argsort(-scores[best])]
    seconds = time.perf_counter() - indexed
    found = {"index_s": indexed - start, "query_s": seconds / len(sample), "queries": len(sample)}
    out.write_text(json.dumps(found))


if __name__ == "__main__":
    way, folder, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if way == "rank-bm25":
        rank_bm25(folder, out, int(sys.argv[4]))
    else:
        plain(way, folder, out)
