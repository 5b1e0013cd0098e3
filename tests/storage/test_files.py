"""Files that grow while they are written."""

import numpy as np
import pytest

from negmine.storage.files import growing_array


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64])
@pytest.mark.parametrize("counts", [[3], [2, 0, 1000, 1], [0]])
def test_an_array_has_all_rows_that_were_added(tmp_path, dtype, counts):
    rows = [np.arange(5 * count, dtype=dtype).reshape(count, 5) for count in counts]
    with growing_array(tmp_path / "a.npy") as add:
        for some in rows:
            add(some)
    array = np.load(tmp_path / "a.npy")
    assert array.dtype == dtype
    assert np.array_equal(array, np.concatenate(rows))


def test_an_array_of_no_rows_is_an_array(tmp_path):
    with growing_array(tmp_path / "a.npy"):
        pass
    assert np.load(tmp_path / "a.npy").shape == (0, 0)


def test_an_array_that_fails_leaves_nothing(tmp_path):
    def fail():
        with growing_array(tmp_path / "a.npy") as add:
            add(np.zeros((2, 2)))
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert not list(tmp_path.iterdir())
