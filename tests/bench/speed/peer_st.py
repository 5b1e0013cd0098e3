"""The peer of line 1: sentence-transformers' mine_hard_negatives, from files to a Parquet file.

It gets a model that looks given vectors up, so that it does what `negmine mine` does: read the same
files, search, apply the margin, write triplets.

    python -m tests.bench.speed.peer_st torch|faiss FOLDER OUT.parquet
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from tests.bench.speed.collection import read, read_qrels

MARGIN, NEGATIVES, K = 0.05, 10, 100


class Given:
    """Answers as a SentenceTransformer on the CPU would whose vectors are known beforehand."""

    def __init__(self, folder: Path, documents: list[str], queries: list[str]) -> None:
        import torch
        from sentence_transformers.util import cos_sim, pairwise_cos_sim

        self.device = torch.device("cpu")
        self.similarity, self.similarity_pairwise = cos_sim, pairwise_cos_sim
        self._vectors = {"d": np.load(folder / "d.npy"), "q": np.load(folder / "q.npy")}
        self._rows = {"d": _first_rows(documents), "q": _first_rows(queries)}

    def get_embedding_dimension(self) -> int:
        return self._vectors["d"].shape[1]

    def encode_document(self, texts: list[str], **_ignored) -> np.ndarray:
        return self._vectors["d"][[self._rows["d"][text] for text in texts]]

    def encode_query(self, texts: list[str], **_ignored) -> np.ndarray:
        return self._vectors["q"][[self._rows["q"][text] for text in texts]]


def _first_rows(texts: list[str]) -> dict[str, int]:
    return {text: row for row, text in reversed(list(enumerate(texts)))}


def main(way: str, folder: Path, out: Path) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from datasets import Dataset, disable_progress_bars
    from sentence_transformers.util import mine_hard_negatives

    disable_progress_bars()
    doc_ids, documents = read(folder, "corpus")
    query_ids, queries = read(folder, "queries")
    document_of = dict(zip(doc_ids, documents, strict=True))
    query_of = dict(zip(query_ids, queries, strict=True))
    pairs = read_qrels(folder)
    columns = {
        "query": [query_of[query] for query, _ in pairs],
        "positive": [document_of[document] for _, document in pairs],
    }
    mined = mine_hard_negatives(
        Dataset.from_dict(columns),
        Given(folder, documents, queries),
        corpus=documents,
        range_max=K,
        relative_margin=MARGIN,
        num_negatives=NEGATIVES,
        use_faiss=way == "faiss",
        output_format="triplet",
    )
    mined.to_parquet(str(out))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
