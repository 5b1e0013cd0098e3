"""A mined collection with what batches must keep apart: shared positives, copies and near copies of them."""

import json

import numpy as np

import negmine
from tests.conftest import write_beir, write_vectors

TOPICS, EACH = 8, 12
COLOURS = ("red", "blue", "green", "white", "black", "brown")


def text(topic, number):
    """Return a document of 24 words; those of a topic have half of their words in common."""
    words = [f"topic{topic}word{n}" for n in range(12)]
    return " ".join(words + [f"own{topic}x{number}y{n}" for n in range(12)])


def collection():
    """Return documents, queries and qrels as `write_beir` takes them.

    Of each topic, query 1 has the positive of query 0, too; the positive of query 2 has a near copy, which
    is the positive of query 3; that of query 4 has its text under another title, the positive of query 5; and
    the positive of query 7 is partly relevant to query 6.
    """
    documents, queries, qrels = {}, {}, []
    for topic in range(TOPICS):
        for number in range(EACH):
            name = f"{topic}-{number}"
            documents[f"d{name}"] = (f"title {name}", text(topic, number))
            queries[f"q{name}"] = (
                f"topic{topic}word0 topic{topic}word1 own{topic}x{number}y1 {name}"
            )
            qrels.append((f"q{name}", f"d{name}", 2))
        qrels.append((f"q{topic}-1", f"d{topic}-0", 2))
        qrels.append((f"q{topic}-6", f"d{topic}-7", 1))
        documents[f"d{topic}-3"] = ("", f"{text(topic, 2)} changed")
        documents[f"d{topic}-2"] = ("", text(topic, 2))
        documents[f"d{topic}-5"] = ("another title", text(topic, 4))
    return documents, queries, qrels


def mined(folder, **flags):
    """Mine the collection; return the work directory. Its queries have a column `colour`."""
    documents, queries, qrels = collection()
    data = write_beir(folder / "data", documents, queries, qrels)
    lines = [
        json.dumps({"_id": name, "text": words, "colour": COLOURS[place % 3]})
        for place, (name, words) in enumerate(queries.items())
    ]
    (data / "queries.jsonl").write_text("\n".join(lines) + "\n")
    given = {
        "format": "n-tuple",
        "num_negatives": 2,
        "relative_margin": 0.0,
        "no_risk": True,
        "no_near_duplicate": True,
        "min_relevance": 2,
        "k": 40,
    }
    vectors = write_vectors(data, documents, queries) if flags.get("retriever") != "bm25" else {}
    return negmine.mine(folder / "work", data=data, **given | vectors | flags).work


def near(one, other):
    """Return the Jaccard similarity of the word 3-grams of two texts, in another way."""
    sets = [
        {tuple(words[n : n + 3]) for n in range(len(words) - 2)}
        for words in (one.split(), other.split())
    ]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def contradictions(rows):
    """Return the pairs of rows of one batch that contradict each other, found by texts and qrels alone.

    rows: batch, query_id, positive_id, negative_id (a list), as dicts.
    """
    documents, _, qrels = collection()
    positives = {}
    for query, doc, _ in qrels:
        positives.setdefault(query, set()).add(doc)
    found = []
    for one in rows:
        for other in rows:
            if one is other or one["batch"] != other["batch"]:
                continue
            met = [other["positive_id"], *other["negative_id"]]
            if any(
                doc == positive or near(documents[doc][1], documents[positive][1]) >= 0.8
                for doc in met for positive in positives[one["query_id"]]
            ):  # fmt: skip
                found.append((one["query_id"], other["query_id"], one["batch"]))
    return found


def random_batches(rows, size):
    """Return the same rows in batches at random."""
    order = np.random.default_rng(1).permutation(len(rows))
    return [rows[row] | {"batch": place // size} for place, row in enumerate(order)]
