"""Arrays in .npy files: what is read, and that everything else is a ValueError."""

import io

import numpy as np
import pytest

from negmine.storage.npy import map_npy


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.int32), np.ones((2, 3), np.float16), np.zeros((0, 4), np.float32),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(3, dtype=">f4"),
    ],
)  # fmt: skip
def test_what_numpy_saves_is_read(array, tmp_path):
    np.save(tmp_path / "a.npy", array)
    read = map_npy(tmp_path / "a.npy")
    assert read.dtype == array.dtype
    assert (read == array).all()
    assert read.shape == array.shape


def with_header(text, data=b"\0" * 64):
    """Return a .npy file of version 1 whose header is this text."""
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + data


def compressed():
    stream = io.BytesIO()
    np.savez(stream, a=np.ones(4))
    return stream.getvalue()


def header(shape="(16,)", dtype="'<f4'", order="False"):
    return f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}}}\n"


HOSTILE = {
    "empty": b"",
    ".npz": compressed(),
    "text": b"1 2 3",
    "half a header": b"\x93NUMPY\x01\x00\xff",
    "version 9": b"\x93NUMPY\x09\x00\x02\x00{}",
    "more than there is": with_header(header("(17,)")),
    "less than there is": with_header(header("(15,)")),
    "absurdly long": with_header(header("(10**30,)")),
    "many digits": with_header(header(f"({'9' * 30},)")),
    "negative": with_header(header("(-4, -4)")),
    "product past 64 bits": with_header(header(f"({2**32}, {2**32}, 0)"), b"x"),
    "objects": with_header(header("(8,)", "'|O'")),
    "structures": with_header(header("(8,)", "[('a', '<i8')]")),
    "texts": with_header(header("(8,)", "'<U2'")),
    "code": with_header("__import__('os').abort()\n"),
    "nested": with_header("(" * 900 + ")" * 900),
    "no shape": with_header("{'descr': '<f4'}\n"),
    "shape of texts": with_header(header("('a',)")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_anything_else_is_a_value_error(name, tmp_path):
    (tmp_path / "a.npy").write_bytes(HOSTILE[name])
    with pytest.raises(ValueError, match=r"no \.npy array|it holds|than its shape"):
        map_npy(tmp_path / "a.npy")


def test_every_flipped_byte_of_a_header_is_an_error_or_another_view_of_the_same_bytes(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.arange(12, dtype=np.float32).reshape(3, 4))
    whole = path.read_bytes()
    for place in range(len(whole) - 48):
        for bit in range(8):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            try:
                assert map_npy(path).nbytes == 48
            except ValueError:
                continue


def test_a_file_that_is_not_there_is_no_value_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        map_npy(tmp_path / "a.npy")
