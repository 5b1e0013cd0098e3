"""Arrays of an index: opened only where type, shape and numbers are what they must be."""

import numpy as np
import pytest

from negmine.errors import CorruptArtifact
from negmine.storage.arrays import check_ascending, check_below, check_offsets, open_array


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "work" / "1-index" / "bm25"
    folder.mkdir(parents=True)
    return folder / "a.npy"


def test_an_array_is_mapped_or_read(place):
    np.save(place, np.arange(6, dtype=np.int32).reshape(2, 3))
    for mapped in (True, False):
        array = open_array(place, np.int32, (2, None), mapped)
        assert type(array) is np.ndarray
        assert array.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("dtypes", "shape"),
    [
        (np.int64, (2, 3)),
        ((np.float32, np.float16), (2, 3)),
        (np.int32, (2,)),
        (np.int32, (3, None)),
    ],
)
def test_another_type_or_shape_names_the_file_and_the_command(place, dtypes, shape):
    np.save(place, np.arange(6, dtype=np.int32).reshape(2, 3))
    with pytest.raises(CorruptArtifact) as error:
        open_array(place, dtypes, shape)
    assert str(error.value).startswith(f"{place} is damaged: it holds int32 of shape (2, 3)")
    assert str(error.value).endswith(f"negmine index {place.parents[2]} --force")


def test_columns_first_and_other_byte_orders_are_refused(place):
    for array in (np.asfortranarray(np.ones((2, 3), np.float32)), np.ones((2, 3), ">f4")):
        np.save(place, array)
        with pytest.raises(CorruptArtifact, match="is damaged"):
            open_array(place, np.float32, (2, 3))


@pytest.mark.parametrize("offsets", [[], [1, 4], [0, 3], [0, 5], [0, 3, 2, 4], [0, -1, 4]])
def test_offsets_begin_at_0_never_fall_and_end_at_the_end(place, offsets):
    check_offsets(place, np.array([0, 2, 2, 4]), 4)
    with pytest.raises(CorruptArtifact, match="do not divide 4 values"):
        check_offsets(place, np.array(offsets, np.int64), 4)


@pytest.mark.parametrize("number", [-1, 7, 2**31 - 1, -(2**31)])
def test_one_number_outside_is_an_error(place, number, monkeypatch):
    monkeypatch.setattr("negmine.storage.arrays.AT_ONCE", 2)
    numbers = np.array([0, 6, 3, 2, 1], np.int32)
    check_below(place, numbers, 7)
    for at in range(5):
        wrong = numbers.copy()
        wrong[at] = number
        with pytest.raises(CorruptArtifact, match="outside of 0 to 6"):
            check_below(place, wrong, 7)


def test_positions_rise(place):
    check_ascending(place, np.array([0, 2, 5]), 6)
    for wrong in ([0, 2, 2], [2, 1], [0, 6], [-1, 2]):
        with pytest.raises(CorruptArtifact):
            check_ascending(place, np.array(wrong), 6)
