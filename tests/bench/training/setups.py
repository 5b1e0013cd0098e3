"""What students are trained and tested on: pairs of a collection, and held-out queries with full qrels.

Every training query has one known positive; its others are hidden, as in most training data. Queries that share
a positive stay on one side of a split. Needs ../shared.
"""

import gzip
import json
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import polars as pl

from negmine.data.hashing import name_hashes
from tests.bench.collections import DATA

SEED = 13


@dataclass(frozen=True)
class Setup:
    """A collection, split.

    documents, queries: id to text. positives: training query to its known positive. hidden: training query to
    documents that are relevant and not known to be. tests: held-out query to its relevant documents.
    """

    documents: dict[str, str]
    queries: dict[str, str]
    positives: dict[str, str]
    hidden: dict[str, set[str]]
    tests: dict[str, set[str]]

    @cached_property
    def minable(self) -> dict[str, str]:
        """The documents that may be negatives.

        Documents of held-out queries may not: they are never positives in training, so each recipe with
        negatives would teach the student to push away what it is tested on.
        """
        trained = set(self.positives.values()).union(*self.hidden.values())
        tested = set().union(*self.tests.values()) - trained
        return {doc: text for doc, text in self.documents.items() if doc not in tested}


def order(names):
    """Return names in a random order that depends on nothing but the names."""
    frame = pl.DataFrame({"name": sorted(names)})
    return frame.with_columns(hash=name_hashes(frame["name"], SEED)).sort("hash")["name"].to_list()


def rows(path):
    """Yield the rows of a JSON lines file, plain or .gz."""
    packed = path.with_name(f"{path.name}.gz")
    text = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    return [json.loads(line) for line in text.decode().splitlines() if line]


def relevant(path):
    """Return query to the documents that are relevant."""
    packed = path.with_name(f"{path.name}.gz")
    text = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    documents = {}
    for line in text.decode().splitlines()[1:]:
        query, document, grade = line.split("\t")
        if int(grade) > 0:
            documents.setdefault(query, set()).add(document)
    return documents


def texts(name, title=True):
    """Return documents and queries of a BEIR folder, by id."""
    corpus = rows(DATA / name / "corpus.jsonl")
    documents = {
        row["_id"]: f"{row.get('title') or ''} {row['text']}".strip() if title else row["text"]
        for row in corpus
    }
    return documents, {row["_id"]: row["text"] for row in rows(DATA / name / "queries.jsonl")}


def components(wanted):
    """Return query to the name of its group: queries that share a relevant document are in one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    queries = list(wanted)
    places = {doc: n for n, doc in enumerate(sorted({d for docs in wanted.values() for d in docs}))}
    pairs = [(n, len(queries) + places[d]) for n, q in enumerate(queries) for d in wanted[q]]
    first, second = np.array(pairs).T
    size = len(queries) + len(places)
    groups = connected_components(coo_array((np.ones(len(first)), (first, second)), (size, size)))
    return {query: str(groups[1][n]) for n, query in enumerate(queries)}


def split(documents, queries, train, tests):
    """Return a setup in which the first of each query's relevant documents is known."""
    known = {query: order(docs)[0] for query, docs in train.items()}
    hidden = {query: docs - {known[query]} for query, docs in train.items()}
    return Setup(documents, queries, known, hidden, tests)


def given(name, train, test):
    """Return a setup from two files of qrels."""
    folder = DATA / name / "qrels"
    documents, queries = texts(name)
    return split(documents, queries, relevant(folder / train), relevant(folder / test))


def held_out(name, share, qrels="test.tsv", title=True, prefix=""):
    """Return a setup that tests on a share of the groups of queries."""
    documents, queries = texts(name, title)
    wanted = relevant(DATA / name / "qrels" / qrels)
    wanted = {query: docs for query, docs in wanted.items() if query.startswith(prefix)}
    documents = {doc: text for doc, text in documents.items() if doc.startswith(prefix)}
    group = components(wanted)
    groups = order(set(group.values()))
    tested = set(groups[: round(share * len(groups))])
    train = {query: docs for query, docs in wanted.items() if group[query] not in tested}
    tests = {query: docs for query, docs in wanted.items() if group[query] in tested}
    return split(documents, queries, train, tests)


def debian(pieces, trained=20_000, tested=5_000):
    """Return descriptions of packages, each cut into pieces: one is known, its siblings are hidden."""
    documents, queries = texts("debian-packages", title=False)
    long_enough = [name for name in documents if len(documents[name].split()) >= 8 * pieces]
    chosen = order(long_enough)[: trained + tested]
    cut, wanted = {}, {}
    for name in chosen:
        words = documents[name].split()
        bounds = np.linspace(0, len(words), pieces + 1).astype(int)
        parts = {f"{name}/{n}": " ".join(words[bounds[n] : bounds[n + 1]]) for n in range(pieces)}
        cut |= parts
        wanted[name] = set(parts)
    train = {name: wanted[name] for name in chosen[:trained]}
    return split(cut, queries, train, {name: wanted[name] for name in chosen[trained:]})


SETUPS = {
    "debian": partial(debian, 1),
    "debian-halves": partial(debian, 2),
    "debian-quarters": partial(debian, 4),
    "scifact": partial(given, "scifact", "train.tsv", "test.tsv"),
    "cosqa": partial(given, "cosqa", "dev.tsv", "test.tsv"),
    "stackfaq": partial(held_out, "stackfaq", 0.3, title=False),
    "epqa": partial(held_out, "epqa", 0.3),
    "xquad-en": partial(held_out, "xquad-r", 0.3, "mono.tsv", prefix="en"),
    "vaswani": partial(held_out, "vaswani-npl", 0.5),
    "cranfield": partial(held_out, "cranfield", 0.5),
}
