"""Search and pair scores against the product of two sparse matrices (SciPy), in order and score."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix

from negmine.retrievers.postings import write
from tests.properties import share
from tests.retrievers.sparse.made import indexed, queries

TERMS = 11
# Sums of these are exact in float32, and many are equal: most lists end in the middle of a tie.
weights = st.sampled_from([0.0, 0.0, 0.0, 0.25, 0.5, 1.0, 1.5])


def matrix(least, most):
    return st.integers(least, most).flatmap(
        lambda rows: arrays(np.float32, (rows, TERMS), elements=weights)
    )


def expected(asked, documents, order, k):
    """Return the best k of every query by (-score, order), as (position, score); none that scores 0."""
    scores = (csr_matrix(asked) @ csr_matrix(documents).T).toarray()
    best = []
    for row in scores:
        ranked = sorted(np.flatnonzero(row > 0), key=lambda doc: (-row[doc], order[doc]))
        best.append([(int(doc), float(row[doc])) for doc in ranked[:k]])
    return best


def found(hits):
    return [
        [(int(doc), float(score)) for doc, score in zip(*row, strict=True) if doc >= 0]
        for row in zip(hits.docs, hits.scores, strict=True)
    ]


@share(0.5)
@given(matrix(1, 12), matrix(1, 5), st.integers(1, 15), st.data())
def test_lists_are_those_of_scipy_with_ties_by_doc_id(documents, asked, k, data):
    order = data.draw(st.permutations(range(len(documents))))
    retriever = indexed(documents, asked, order)
    hits = retriever.search(queries(*range(len(asked))), k)
    assert hits.docs.shape == hits.scores.shape == (len(asked), k)
    assert (hits.docs.dtype, hits.scores.dtype) == (np.int64, np.float32)
    assert found(hits) == expected(asked, documents, order, k)
    assert np.isneginf(hits.scores[hits.docs < 0]).all()


@share(0.3)
@given(matrix(1, 9), matrix(1, 5), st.integers(1, TERMS + 1))
def test_pruned_queries_are_searched_by_their_heaviest_terms(documents, asked, count):
    pruned = np.zeros_like(asked)
    for row, line in enumerate(asked):
        heaviest = sorted(np.flatnonzero(line), key=lambda term: (-line[term], term))[:count]
        pruned[row, heaviest] = line[heaviest]
    retriever = indexed(documents, asked, query_terms=count)
    every = queries(*range(len(asked)))
    order = range(len(documents))
    assert found(retriever.search(every, 4)) == expected(pruned, documents, order, 4)
    rows, docs = np.divmod(np.arange(len(asked) * len(documents)), len(documents))
    scores = retriever.score_pairs(every, rows, docs).reshape(len(asked), -1)
    assert np.array_equal(scores, pruned @ documents.T)


def random_matrices(seed, documents=400, asked=30, terms=60):
    rng = np.random.default_rng(seed)
    both = []
    for rows in (documents, asked):
        dense = rng.gamma(1.0, 1.0, (rows, terms)).astype(np.float32)
        dense[rng.random(dense.shape) < 0.7] = 0
        both.append(dense)
    return both


@pytest.mark.parametrize("query_terms", [None, 5])
def test_pairs_have_the_very_bits_of_search_and_scipys_scores(query_terms):
    documents, asked = random_matrices(1)
    retriever = indexed(documents, asked, query_terms=query_terms)
    every = queries(*range(len(asked)))
    hits = retriever.search(every, len(documents))
    rows, columns = np.nonzero(hits.docs >= 0)
    docs = hits.docs[rows, columns]
    pairs = retriever.score_pairs(every, rows, docs)
    assert pairs.tobytes() == hits.scores[rows, columns].tobytes()
    if query_terms is None:
        product = (csr_matrix(asked) @ csr_matrix(documents).T).toarray()
        assert np.allclose(pairs, product[rows, docs], rtol=1e-6)
        assert len(pairs) == np.count_nonzero(product)


def test_threads_parts_and_company_change_nothing(monkeypatch):
    documents, asked = random_matrices(2, asked=200)
    every = queries(*range(len(asked)))
    whole = indexed(documents, asked).search(every, 7)
    monkeypatch.setattr(write, "POSTINGS_AT_ONCE", 7)
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 3)
    retriever = indexed(documents, asked)
    parts = [retriever.search(every.slice(first, 90), 7) for first in range(0, 200, 90)]
    for of_whole, of_parts in zip(whole, zip(*parts, strict=True), strict=True):
        assert np.concatenate(of_parts).tobytes() == of_whole.tobytes()
