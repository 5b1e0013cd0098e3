"""MaxSim of pairs: the formula, and the same bits however the work is cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.data.ragged import Ragged, joined, matrices
from negmine.models.maxsim import maxsim
from tests.models.ragged import brute, collections, tokens


def every_pair(queries, documents):
    rows = np.repeat(np.arange(len(queries)), len(documents))
    return rows, np.tile(np.arange(len(documents)), len(queries))


def test_each_token_of_the_query_takes_its_best_token_of_the_document():
    query = np.array([[1, 0], [0, 1]], np.float32)
    document = np.array([[0.6, 0.8], [0.8, 0.6], [-1, 0]], np.float32)
    given = [joined(matrices([one])) for one in (query, document)]
    assert maxsim(*given, np.array([0]), np.array([0]))[0] == np.float32(0.8 + 0.8)


def test_a_negative_best_counts_too():
    query, document = np.array([[1, 0]], np.float32), np.array([[-0.6, 0.8], [-1, 0]], np.float32)
    given = [joined(matrices([one])) for one in (query, document)]
    assert maxsim(*given, np.array([0]), np.array([0]))[0] == np.float32(-0.6)


@given(collections())
def test_scores_are_those_of_brute_force(collection):
    rows, docs = every_pair(*collection)
    scores = maxsim(*collection, rows, docs)
    assert scores.dtype == np.float32
    assert np.allclose(scores, brute(*collection)[rows, docs], atol=1e-6)


@given(collections(), st.integers(1, 30), st.integers(0, 99))
def test_a_pair_has_the_same_bits_in_any_order_block_and_company(collection, at_once, seed):
    rows, docs = every_pair(*collection)
    whole = maxsim(*collection, rows, docs)
    order = np.random.default_rng(seed).permutation(len(rows))[: 1 + len(rows) // 2]
    assert np.array_equal(maxsim(*collection, rows[order], docs[order], at_once), whole[order])


@given(collections())
def test_lists_of_matrices_give_what_arrays_end_to_end_give(collection):
    rows, docs = every_pair(*collection)
    apart = [one[:] for one in collection]
    assert np.array_equal(maxsim(*apart, rows, docs), maxsim(*collection, rows, docs))


def test_threads_change_no_bit(monkeypatch):
    rng = np.random.default_rng(1)
    given = tokens(rng, [7] * 20, 128), tokens(rng, rng.integers(0, 40, 30), 128)
    rows, docs = every_pair(*given)
    many = maxsim(*given, rows, docs)
    monkeypatch.setattr("negmine.data.jit.threads", lambda: 1)
    assert np.array_equal(maxsim(*given, rows, docs), many)


def test_no_pairs_have_no_scores():
    given = tokens(np.random.default_rng(1), [2]), tokens(np.random.default_rng(1), [])
    nothing = np.zeros(0, np.int64)
    assert maxsim(*given, nothing, nothing).shape == (0,)


def test_scores_are_those_of_sentence_transformers():
    import torch
    from sentence_transformers.util.similarity import maxsim as theirs

    rng = np.random.default_rng(3)
    given = tokens(rng, [3, 8], 32, np.float32), tokens(rng, [5, 1, 9], 32, np.float32)
    queries, documents = ([torch.tensor(one) for one in side[:]] for side in given)
    expected = theirs(queries, documents).numpy()
    assert maxsim(*given, *every_pair(*given)) == pytest.approx(expected.ravel(), abs=1e-5)


def test_matrices_are_picked_and_joined_as_rows_are():
    values = np.arange(12, dtype=np.float32).reshape(6, 2)
    held = Ragged(np.array([0, 1, 1, 4, 6]), values)
    picked = held[np.array([2, 1, 0])]
    assert [one.tolist() for one in picked] == [values[1:4].tolist(), [], values[:1].tolist()]
    assert np.array_equal(joined(held[:]).values, values)
    assert joined(held[:]).offsets.tolist() == [0, 1, 1, 4, 6]
