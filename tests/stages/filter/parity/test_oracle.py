"""The oracle itself: sentence-transformers' mine_hard_negatives on real collections, same vectors.

Both sides search the whole corpus (deep enough), with one margin. Negatives must be the same per query
wherever neighbouring scores differ by more than 1e-5.
"""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.data.texts import normalise
from tests.conftest import vector

TOLERANCE = 1e-5
WANTED = 10


class Lookup:
    """A model for the oracle that looks its vectors up."""

    def __init__(self, vectors):
        import torch

        self.device = torch.device("cpu")
        self.model_card_data = SimpleNamespace(base_model=None)
        self._vectors = vectors

    def encode_document(self, texts, **_):
        return np.stack([self._vectors[text] for text in texts])

    encode_query = encode_document

    def similarity(self, one, other):
        import torch

        return torch.as_tensor(one) @ torch.as_tensor(other).T

    def similarity_pairwise(self, one, other):
        import torch

        return (torch.as_tensor(one) * torch.as_tensor(other)).sum(-1)


def load(folder, split):
    """Return documents {id: text}, queries {id: text} and positives [(query_id, doc_id)]."""
    corpus = pl.read_ndjson(next(folder.glob("corpus.jsonl*")))
    queries = pl.read_ndjson(next(folder.glob("queries.jsonl*")))
    qrels = pl.read_csv(folder / "qrels" / f"{split}.tsv", separator="\t", infer_schema=False)
    title = (
        pl.when(pl.col("title") == "")
        .then("text")
        .otherwise(pl.col("title") + " " + pl.col("text"))
    )
    documents = dict(zip(corpus["_id"], corpus.select(title).to_series(), strict=True))
    asked = dict(zip(queries["_id"], queries["text"], strict=True))
    judged = qrels.filter(pl.col("score").cast(pl.Int64) > 0)
    return documents, asked, list(zip(judged["query-id"], judged["corpus-id"], strict=True))


def oracle(documents, queries, positives, vectors, **margin):
    """Return {query text: {negative text: score}} and {(query, positive)} of sentence-transformers."""
    import datasets
    from sentence_transformers.util import mine_hard_negatives

    rows = {
        "anchor": [queries[q] for q, _ in positives],
        "positive": [documents[d] for _, d in positives],
    }
    mined = mine_hard_negatives(
        datasets.Dataset.from_dict(rows),
        Lookup(vectors),
        corpus=list(documents.values()),
        range_max=len(documents),
        num_negatives=WANTED,
        output_scores=True,
        verbose=False,
        batch_size=4096,
        faiss_batch_size=256,
        **margin,
    )
    found = {}
    for anchor, negative, scores in zip(
        mined["anchor"], mined["negative"], mined["scores"], strict=True
    ):
        found.setdefault(anchor, {})[negative] = scores[1]
    return found


def ours(folder, work, split, documents, queries, vectors, **margin):
    """Return {query text: {negative text: score}} of negmine."""
    np.save(work / "d.npy", np.stack([vectors[text] for text in documents.values()]))
    np.save(work / "q.npy", np.stack([vectors[text] for text in queries.values()]))
    result = negmine.mine(
        work / "work",
        data=folder,
        qrels_split=split,
        retriever=["dense"],
        query_vectors=work / "q.npy",
        document_vectors=work / "d.npy",
        no_near_duplicate=True,
        no_risk=True,
        k=len(documents),
        num_negatives=WANTED,
        **margin,
    )
    rows = pl.read_parquet(result.work / "5-write" / "provenance" / "*.parquet")
    found = {}
    for query, doc, score in zip(
        rows["query_id"], rows["negative_id"], rows["dense_score"], strict=True
    ):
        found.setdefault(queries[query], {})[documents[doc]] = score
    return found


@pytest.mark.slow
@pytest.mark.parametrize("margin", [{"relative_margin": 0.05}, {"absolute_margin": 0.1}])
@pytest.mark.parametrize(("name", "split"), [("cranfield", "test"), ("stackfaq", "test")])
def test_negatives_are_those_of_sentence_transformers(tmp_path, collections, name, split, margin):
    documents, queries, positives = load(collections / name, split)
    vectors = {text: vector(text, 64) for text in {*documents.values(), *queries.values()}}
    theirs = oracle(documents, queries, positives, vectors, **margin)
    mine = ours(collections / name, tmp_path, split, documents, queries, vectors, **margin)
    border = on_the_border(tmp_path / "work", queries, **margin)
    compared = [query for query in theirs if is_alone(query, queries) and query not in border]
    assert len(compared) > max(100, 0.9 * len(theirs))
    for query in compared:
        assert_same(mine[query], theirs[query])


def on_the_border(work, queries, relative_margin=None, absolute_margin=None):
    """Return queries with a candidate so near the threshold that the last bit decides."""
    anchor = pl.col("positive_score")
    threshold = anchor - (absolute_margin or anchor.abs() * relative_margin)
    rows = pl.read_parquet(work / "4-filter" / "verdicts" / "*.parquet")
    near = rows.filter(
        (pl.col("dense_score") - threshold).abs() < 1e-6, pl.col("label") != "positive"
    )
    return {queries[query] for query in near["query_id"]}


def is_alone(query, queries):
    """Tell whether no other query differs only in case or white space: negmine pools those."""
    return [normalise(text) for text in queries.values()].count(normalise(query)) == 1


def assert_same(found, expected):
    """Compare two {text: score}: equal scores, and equal texts but for ties at the cut."""
    assert len(found) == len(expected)
    np.testing.assert_allclose(
        sorted(found.values()), sorted(expected.values()), rtol=0, atol=TOLERANCE
    )
    lowest = min(expected.values())
    for text in set(found) ^ set(expected):
        score = found.get(text, expected.get(text))
        assert abs(score - lowest) <= TOLERANCE, text
