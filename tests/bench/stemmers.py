"""What stemmers by language do to BM25: recall@10 over XQuAD-R, by the language of the question.

python -m tests.bench.stemmers. Each question over the sentences of all eleven languages, with the sentence of
its own language as the positive: without a stemmer, with the English one for all, with that of each text.
"""

import tempfile

import numpy as np
import pyarrow as pa

from negmine.config.settings import IndexSettings
from negmine.data.languages import stemmer_of
from tests.bench.accents import K, beir
from tests.bench.collections import DATA
from tests.retrievers.bm25.made import built, opened

WAYS = {"none": {}, "english": {"stemmer": "english"}, "of each": {"language_column": "lang"}}


def main():
    collection = beir(DATA / "xquad-r", "mono")
    columns = [recall(collection, way) for way in WAYS.values()]
    groups = np.array([language(name) for name in collection.positives])
    print(f"{'stemmer':12}  " + "  ".join(f"{name:>8}" for name in WAYS))
    for group in np.unique(groups):
        values = "  ".join(f"{column[groups == group].mean():8.4f}" for column in columns)
        print(f"{group} {stemmer_of(group) or '-':9}  {values}")


def recall(collection, way):
    """Return, for every query, the share of its positives among the best ten; float [queries]."""
    doc_ids = list(collection.documents)
    queries = {name: collection.queries[name] for name in collection.positives}
    with tempfile.TemporaryDirectory() as folder:
        documents = [table(collection.documents)]
        built(documents, folder, IndexSettings(**way))
        index = opened(folder, doc_ids)
        hits = index.search(table(queries), K).docs
    best = [{doc_ids[place] for place in row if place >= 0} for row in hits]
    wanted = collection.positives.values()
    return np.array([len(docs & row) / len(docs) for docs, row in zip(wanted, best, strict=True)])


def table(texts):
    return pa.table({"text": list(texts.values()), "lang": [language(name) for name in texts]})


def language(identifier):
    """Return the language of a text of XQuAD-R: its id begins with the code."""
    return identifier[:2]


if __name__ == "__main__":
    main()
