"""What folding accents does to BM25: recall@10 with and without, for queries as written and without accents.

python -m tests.bench.accents [FOLDER ...] [--qrels SPLIT]: BEIR folders; without one, XQuAD-R by language, each
question over the sentences of all eleven languages, with the sentence of its own language as the positive.
"""

import argparse
import gzip
import json
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from negmine.config.settings import IndexSettings
from negmine.data.accents import fold_accents
from negmine.data.texts import normalise
from negmine.engine.progress import Silent
from negmine.retrievers.bm25 import retriever as bm25
from tests.bench.collections import DATA

K = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--qrels", default="test")
    given = parser.parse_args()
    print(f"{'':12}  as written            without accents       queries")
    print(f"{'recall@10':12}  unfolded    folded    unfolded    folded")
    if given.folders:
        for folder in given.folders:
            show(folder, given.qrels, lambda query_id, name=folder.name: name)
    else:
        show(DATA / "xquad-r", "mono", lambda query_id: query_id[:2])


def show(folder, split, group_of):
    """Print a line for every group of a collection's queries."""
    corpus, queries = (
        {row["_id"]: row for row in map(json.loads, lines(folder / f"{name}.jsonl"))}
        for name in ("corpus", "queries")
    )
    positives = defaultdict(set)
    for line in list(lines(folder / "qrels" / f"{split}.tsv"))[1:]:
        query_id, doc_id, relevance = line.split("\t")
        if int(relevance) > 0:
            positives[query_id].add(doc_id)
    documents = [f"{row.get('title', '')} {row['text']}" for row in corpus.values()]
    written = [queries[name]["text"] for name in positives]
    bare = [fold_accents(normalise(text)) for text in written]
    columns = [
        recall(list(corpus), documents, texts, list(positives.values()), fold)
        for texts in (written, bare)
        for fold in (False, True)
    ]
    groups = np.array([group_of(name) for name in positives])
    for group in np.unique(groups):
        values = "  ".join(f"{column[groups == group].mean():8.4f}" for column in columns)
        print(f"{group:12}  {values}  {(groups == group).sum():8,}")


def recall(doc_ids, documents, queries, positives, fold):
    """Return, for every query, the share of its positives among the best ten; float [queries]."""
    with tempfile.TemporaryDirectory() as folder:
        settings = IndexSettings(fold_accents=fold)
        bm25.build([pa.table({"text": documents})], Path(folder), settings, Silent())
        index = bm25.open_index(Path(folder), np.argsort(np.argsort(doc_ids)))
        hits = index.search(pa.table({"text": queries}), K).docs
    best = [{doc_ids[place] for place in row if place >= 0} for row in hits]
    return np.array(
        [len(wanted & row) / len(wanted) for wanted, row in zip(positives, best, strict=True)]
    )


def lines(path):
    """Yield the lines of a file, plain or .gz."""
    packed = path.with_name(f"{path.name}.gz")
    with (
        gzip.open(packed, "rt", encoding="utf-8")
        if packed.exists()
        else path.open(encoding="utf-8")
    ) as stream:
        yield from (line.rstrip("\n") for line in stream)


if __name__ == "__main__":
    main()
