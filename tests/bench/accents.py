"""What folding accents does to BM25: recall@10 with and without, of queries as written and without accents.

python -m tests.bench.accents [FOLDER ...] [--qrels SPLIT]. Without a folder, XQuAD-R by language: each question
over the sentences of all eleven languages, with the sentence of its own language as the positive. A folder is
in BEIR layout, or one of data/ in the repository masakhane-io/masakhane-news: headlines over articles.
--speed tells instead how many characters are cut into tokens in a second of processor time.
"""

import argparse
import csv
import gzip
import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from negmine.config.settings import IndexSettings
from negmine.data.accents import fold_accents
from negmine.data.texts import normalise
from negmine.data.tokens import Tokenizer
from tests.bench.collections import DATA
from tests.retrievers.bm25.made import built, opened

K = 10


class Collection(NamedTuple):
    """Texts by id, and the positives of every query that has some."""

    documents: dict[str, str]
    queries: dict[str, str]
    positives: dict[str, set[str]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--qrels", default="test")
    parser.add_argument("--speed", action="store_true")
    given = parser.parse_args()
    if given.speed:
        for folder in given.folders or [DATA / "xquad-r"]:
            show_speed(folder.name, beir(folder, given.qrels).documents.values())
        return
    print(f"{'':12}  as written            without accents       queries")
    print(f"{'recall@10':12}  unfolded    folded    unfolded    folded")
    for folder in given.folders:
        read = news(folder) if any(folder.glob("*.tsv")) else beir(folder, given.qrels)
        show(read, lambda query_id, name=folder.name: name)
    if not given.folders:
        show(beir(DATA / "xquad-r", "mono"), lambda query_id: query_id[:2])


def show_speed(name, texts):
    """Print the characters a second without folding and with it, the median of five rounds in turn."""
    seconds = {False: [], True: []}
    for fold in [False, True] * 5:
        tokenizer, start = Tokenizer(fold_accents=fold), time.process_time()
        for text in texts:
            tokenizer.tokens(text)
        seconds[fold].append(time.process_time() - start)
    kept, folded = (sum(map(len, texts)) / median(seconds[fold]) / 1e6 for fold in (False, True))
    print(f"{name:12}  {kept:.1f} million characters a second, folded {folded:.1f}")


def show(collection, group_of):
    """Print a line for every group of a collection's queries."""
    written = [collection.queries[name] for name in collection.positives]
    bare = [fold_accents(normalise(text)) for text in written]
    columns = [
        recall(collection, texts, fold) for texts in (written, bare) for fold in (False, True)
    ]
    groups = np.array([group_of(name) for name in collection.positives])
    for group in np.unique(groups):
        values = "  ".join(f"{column[groups == group].mean():8.4f}" for column in columns)
        print(f"{group:12}  {values}  {(groups == group).sum():8,}")


def recall(collection, queries, fold):
    """Return, for every query, the share of its positives among the best ten; float [queries]."""
    doc_ids, texts = list(collection.documents), list(collection.documents.values())
    with tempfile.TemporaryDirectory() as folder:
        settings = IndexSettings(fold_accents=fold)
        built([pa.table({"doc_id": doc_ids, "text": texts})], folder, settings)
        index = opened(folder, doc_ids)
        hits = index.search(pa.table({"text": queries}), K).docs
    best = [{doc_ids[place] for place in row if place >= 0} for row in hits]
    wanted = collection.positives.values()
    return np.array([len(docs & row) / len(docs) for docs, row in zip(wanted, best, strict=True)])


def beir(folder, split):
    """Read a BEIR folder."""
    corpus, queries = (
        {row["_id"]: row for row in map(json.loads, lines(folder / f"{name}.jsonl"))}
        for name in ("corpus", "queries")
    )
    positives = {}
    for line in lines(folder / "qrels" / f"{split}.tsv")[1:]:
        query_id, doc_id, relevance = line.split("\t")
        if int(relevance) > 0:
            positives.setdefault(query_id, set()).add(doc_id)
    documents = {name: f"{row.get('title', '')} {row['text']}" for name, row in corpus.items()}
    return Collection(documents, {name: row["text"] for name, row in queries.items()}, positives)


def news(folder):
    """Read headlines and their articles, each article once and without its headline."""
    articles = {}
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["headline"] and row["text"]:
                    articles.setdefault(row["text"], row["headline"])
    names = [f"{number:05d}" for number in range(len(articles))]
    documents = [text.replace(headline, "") for text, headline in articles.items()]
    return Collection(
        dict(zip(names, documents, strict=True)),
        dict(zip(names, articles.values(), strict=True)),
        {name: {name} for name in names},
    )


def lines(path):
    """Return the lines of a file, plain or .gz, that are not empty."""
    packed = path.with_name(f"{path.name}.gz")
    data = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    return [line for line in data.decode().split("\n") if line]


if __name__ == "__main__":
    main()
