"""Rows of terms and weights behave as the dense matrix that they stand for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from negmine.data.ragged import matrices as several
from negmine.data.sparse_rows import TERMS, SparseRows, as_pairs, nothing, of_dense, of_pairs

WIDTH = 9
values = st.sampled_from([0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 2.5, -1.0])
matrices = st.integers(0, 7).flatmap(
    lambda rows: arrays(np.float32, (rows, WIDTH), elements=values)
)


def dense(rows):
    matrix = np.zeros((len(rows), WIDTH), np.float32)
    matrix[rows.numbers, rows.terms] = rows.weights
    return matrix


@given(matrices)
def test_a_matrix_comes_back(matrix):
    rows = of_dense(matrix)
    assert (rows.offsets.dtype, rows.terms.dtype) == (np.int64, np.int32)
    assert rows.lengths.tolist() == np.count_nonzero(matrix, axis=1).tolist()
    assert np.array_equal(dense(rows), matrix)
    assert all((np.diff(part) > 0).all() for part in np.split(rows.terms, rows.offsets[1:-1]))


@given(matrices, st.data())
def test_rows_are_taken_in_any_order_and_more_than_once(matrix, data):
    size = max(len(matrix) - 1, 0)
    places = st.lists(st.integers(0, size), max_size=9 if len(matrix) else 0)
    chosen = np.array(data.draw(places), np.int64)
    assert np.array_equal(dense(of_dense(matrix).take(chosen)), matrix[chosen])


@given(st.lists(matrices, max_size=4))
def test_pairs_of_term_and_weight_come_back_one_after_the_other(parts):
    whole = np.concatenate([np.empty((0, WIDTH), np.float32), *parts])
    pairs = np.concatenate([several([]), *(as_pairs(of_dense(one)) for one in parts)])
    assert len(pairs) == len(whole)
    assert all(one.shape[1:] == (2,) and one.dtype == np.float32 for one in pairs)
    rows = of_pairs(pairs)
    assert (rows.terms.dtype, rows.weights.dtype) == (np.int32, np.float32)
    assert np.array_equal(dense(rows), whole)


def test_pairs_have_every_term_of_the_largest_vocabulary():
    rows = SparseRows(np.array([0, 2]), np.array([0, TERMS - 1], np.int32), np.ones(2, np.float32))
    assert of_pairs(as_pairs(rows)).terms.tolist() == [0, TERMS - 1]


@given(matrices, st.integers(1, WIDTH + 1))
def test_the_heaviest_terms_are_the_first_by_size_then_term(matrix, count):
    expected = np.zeros_like(matrix)
    for row, line in enumerate(matrix):
        order = sorted(np.flatnonzero(line), key=lambda term: (-abs(line[term]), term))
        expected[row, order[:count]] = line[order[:count]]
    assert np.array_equal(dense(of_dense(matrix).heaviest(count)), expected)


def test_the_heaviest_terms_by_hand():
    rows = of_dense(np.array([[0, 3, 1, 2, 2, 0, 0, -4, 0]], np.float32)).heaviest(3)
    assert rows.terms.tolist() == [1, 3, 7]
    assert rows.weights.tolist() == [3, 2, -4]


@given(matrices)
def test_unit_rows_have_length_1_and_empty_ones_stay_empty(matrix):
    rows = of_dense(matrix)
    norms = np.linalg.norm(dense(rows.unit()), axis=1)
    assert np.allclose(norms, rows.lengths > 0, atol=1e-6)


def test_rows_without_terms():
    assert nothing(3).lengths.tolist() == [0, 0, 0]
    assert len(nothing(3).take(np.array([2, 0]))) == 2
    assert len(nothing().heaviest(2)) == 0
