"""The length of vectors: kept or made 1, and what is read as unit vectors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.errors import InputError
from negmine.models.norms import Norms, UnitRows
from negmine.retrievers.dense.narrow import narrowed


def row_of(row):
    return f"row {row}"


def test_cosine_makes_every_length_one_and_dot_keeps_it():
    rows = np.array([[3, 4], [0, 2], [1, 0]], np.float64)
    cosine, dot = Norms("cosine"), Norms("dot")
    assert np.array_equal(cosine(rows, row_of), np.float32([[0.6, 0.8], [0, 1], [1, 0]]))
    assert np.array_equal(dot(rows, row_of), rows.astype(np.float32))
    assert cosine.range == dot.range == [1.0, 5.0]


def test_the_range_is_of_all_batches_and_of_none_there_is_none():
    norms = Norms("dot")
    assert norms.range is None
    norms(np.empty((0, 2)), row_of)
    assert norms.range is None
    norms(np.array([[2.0, 0]]), row_of)
    norms(np.array([[0, 0.5]]), row_of)
    assert norms.range == [0.5, 2.0]


@pytest.mark.parametrize("similarity", ["cosine", "dot"])
@pytest.mark.parametrize("bad", [[0, 0], [np.nan, 1], [1, np.inf], [1e39, 0]])
def test_a_row_without_a_direction_is_refused(similarity, bad):
    with pytest.raises(InputError, match=r"row 1 \(1 such rows\): it is zero or not finite"):
        Norms(similarity)(np.array([[1, 0], bad]), row_of)


@pytest.mark.parametrize("length", [1e-16, 1e16])
def test_inner_products_that_float32_cannot_hold_are_refused(length):
    rows = np.array([[1, 0], [length, 0]])
    with pytest.raises(InputError, match=r"row 1 .*--similarity dot takes 1e-15 to 1e\+15"):
        Norms("dot")(rows, row_of)
    assert Norms("cosine")(rows, row_of)[1, 0] == 1


@given(st.integers(0, 2**32 - 1))
def test_rows_of_any_length_are_read_as_unit_vectors(seed):
    rng = np.random.default_rng(seed)
    rows = (rng.standard_normal((5, 3)) * rng.uniform(0.01, 100, (5, 1))).astype(np.float32)
    unit = UnitRows(rows)
    assert len(unit) == 5
    assert unit.shape == (5, 3)
    places = np.array([4, 0, 0])
    expected = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert unit[places] == pytest.approx(expected[places], abs=1e-6)
    assert unit[2:4] == pytest.approx(expected[2:4], abs=1e-6)
    assert unit[1] == pytest.approx(expected[1], abs=1e-6)


def test_what_half_precision_cannot_hold_is_refused():
    assert narrowed(np.float32([[1, 2]]), "float16", row_of).dtype == np.float16
    assert narrowed(np.float32([[1e30, 2]]), "float32", row_of).dtype == np.float32
    for bad in ([[1, 0], [70_000, 1]], [[1, 0], [1e-9, 0]]):
        with pytest.raises(InputError, match=r"row 1 .*float16 cannot hold"):
            narrowed(np.float32(bad), "float16", row_of)
