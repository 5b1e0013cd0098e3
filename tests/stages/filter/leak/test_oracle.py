"""The leak of a relative margin, against a count over sentence-transformers' own output."""

import numpy as np
import pytest

import negmine
from negmine.stages.filter.risk.hiding import hidden
from negmine.stages.opening import open_existing
from tests.conftest import vector
from tests.stages.filter.parity.test_oracle import WANTED, load, oracle


def count_leaked(documents, queries, positives, pairs, vectors):
    """Hide `pairs`, mine with sentence-transformers, count hidden positives among its negatives."""
    lost = set(pairs)
    asked = {query for query, _ in pairs}
    shown = [pair for pair in positives if pair not in lost and pair[0] in asked]
    mined = oracle(documents, queries, shown, vectors, relative_margin=0.05)
    texts = {(queries[query], documents[document]) for query, document in lost}
    leaked = sum((query, text) in texts for query, found in mined.items() for text in found)
    return leaked, sum(map(len, mined.values()))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cranfield", "vaswani-npl"])
@pytest.mark.parametrize("hide", [0.5, "all-but-one"])
def test_it_is_what_sentence_transformers_sells(tmp_path, collections, name, hide):
    documents, queries, positives = load(collections / name, "test")
    vectors = {text: vector(text, 64) for text in {*documents.values(), *queries.values()}}
    np.save(tmp_path / "d.npy", np.stack([vectors[text] for text in documents.values()]))
    np.save(tmp_path / "q.npy", np.stack([vectors[text] for text in queries.values()]))
    negmine.mine(
        tmp_path / "w", data=collections / name, qrels_split="test", retriever=["dense"],
        query_vectors=tmp_path / "q.npy", document_vectors=tmp_path / "d.npy",
        no_near_duplicate=True, no_risk=True, relative_margin=0.05, k=len(documents),
        num_negatives=WANTED,
    )  # fmt: skip
    context = open_existing(tmp_path / "w", {})
    known = context.queries.all_positives()
    pairs = hidden(known, hide).rows()
    leaked, selected = count_leaked(documents, queries, positives, pairs, vectors)
    found = negmine.leak(tmp_path / "w", hide=hide)["rules"][-1]
    assert leaked > 0 or hide == 0.5
    assert (found["leaked"], found["selected"]) == (leaked, selected)
    assert found["leak"] == pytest.approx(leaked / selected, rel=1e-5)
