"""A collection where a score cannot tell positives from negatives, but the known positives can.

Queries are far apart. Around each, positives lie on one side and hard negatives on the other, all at
the same cosine to the query: score / anchor is useless, closeness to known positives is not.
"""

import json

import numpy as np

DIMS = 96


def write_circle(folder, queries=60, positives=6, negatives=24, seed=1, spread=0.25, lead=0.0):
    """Write a BEIR folder and vectors; return the flags that mine it.

    lead: how much higher positives score. spread: how far they scatter around their side.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    (folder / "qrels").mkdir()
    documents, asked, qrels, doc_vectors, query_vectors = [], [], [], [], []
    for number in range(queries):
        centre, side = orthogonal(rng)
        query_vectors.append(centre)
        asked.append({"_id": f"q{number}", "text": f"question {number}"})
        for place in range(positives + negatives):
            name = f"d{number}-{place}"
            sign = 1 if place < positives else -1
            around = sign * side + spread * rng.standard_normal(DIMS)
            around -= around @ centre * centre
            cosine = rng.uniform(0.6, 0.8) + lead * (sign > 0)
            vector = cosine * centre + np.sqrt(1 - cosine**2) * around / np.linalg.norm(around)
            doc_vectors.append(vector)
            documents.append({"_id": name, "text": f"document {number} {place}"})
            if sign > 0:
                qrels.append(f"q{number}\t{name}\t1")
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, documents)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, asked)))
    (folder / "qrels" / "train.tsv").write_text(
        "\n".join(["query-id\tcorpus-id\tscore", *qrels]) + "\n"
    )
    np.save(folder / "d.npy", np.array(doc_vectors, np.float32))
    np.save(folder / "q.npy", np.array(query_vectors, np.float32))
    return {
        "data": folder,
        "document_vectors": folder / "d.npy",
        "query_vectors": folder / "q.npy",
        "retriever": ["dense"],
        "k": 20,
    }


def orthogonal(rng):
    """Return two orthogonal random unit vectors."""
    one, other = rng.standard_normal((2, DIMS))
    one /= np.linalg.norm(one)
    other -= other @ one * one
    return one, other / np.linalg.norm(other)
