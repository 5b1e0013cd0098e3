"""Files that are brought as vectors and are no array of floats, one row for each text."""

import io
import zipfile

import numpy as np

COUNT, DIMS = 6, 4


def saved(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _good():
    return np.random.default_rng(1).standard_normal((COUNT, DIMS)).astype(np.float32)


def with_header(text, version=b"\x01\x00", data=b"\0" * 96):
    """Return the bytes of a .npy file with this header."""
    body = text.encode("latin-1")
    size = len(body).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + size + body + data


def _npz():
    stream = io.BytesIO()
    np.savez(stream, a=_good())
    return stream.getvalue()


def _zip():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", "b")
    return stream.getvalue()


def _changed(place, value):
    array = _good()
    array[place] = value
    return saved(array)


def _described(shape, descr="<f4", order="False"):
    return with_header(f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n")


NO_ARRAY, SHAPE = ("no .npy array",), ("one row per text",)
ARRAYS = {  # name to bytes and words of the message; no words: it is good
    "float32": (saved(_good()), ()),
    "float16": (saved(_good().astype(np.float16)), ()),
    "float64": (saved(_good().astype(np.float64)), ()),
    "big-endian": (saved(_good().astype(">f4")), ()),
    "Fortran order": (saved(np.asfortranarray(_good())), ()),
    "an .npz": (_npz(), (".npz",)),
    "a zip": (_zip(), (".npz",)),
    "a pickle": (b"\x80\x04N.", NO_ARRAY),
    "objects": (saved(np.array([[{}]], object)), SHAPE),
    "empty": (b"", NO_ARRAY),
    "text": (b"0.1 0.2\n", NO_ARRAY),
    "only magic": (b"\x93NUMPY", NO_ARRAY),
    "cut": (saved(_good())[:-5], ("ends too early",)),
    "cut in its header": (saved(_good())[:60], NO_ARRAY),
    "integers": (saved(_good().astype(np.int32)), SHAPE),
    "complex": (saved(_good().astype(np.complex64)), SHAPE),
    "switches": (saved(_good() > 0), SHAPE),
    "texts": (saved(_good().astype("U8")), SHAPE),
    "dates": (saved(np.zeros((COUNT, DIMS), "M8[s]")), SHAPE),
    "records": (saved(np.zeros(COUNT, [("a", "f4"), ("b", "f4")])), SHAPE),
    "long double": (saved(_good().astype(np.longdouble)), ()),
    "one dimension": (saved(_good()[:, 0]), SHAPE),
    "three dimensions": (saved(_good()[None]), SHAPE),
    "one number": (saved(np.float32(1)), SHAPE),
    "no width": (saved(_good()[:, :0]), SHAPE),
    "no rows": (saved(_good()[:0]), ("0 rows",)),
    "fewer rows": (saved(_good()[:3]), ("3 rows",)),
    "more rows": (saved(np.tile(_good(), (2, 1))), ("12 rows",)),
    "another width": (saved(_good()[:, :3]), ("dimensions",)),
    "NaN": (_changed((2, 1), np.nan), ("row 3",)),
    "infinite": (_changed((2, 1), np.inf), ("row 3",)),
    "zeros": (_changed(2, 0), ("row 3",)),
    "the largest": (_changed(2, 3e38), ()),
    "shape beyond memory": (_described("(4611686018427387904, 4)"), ("input.npy",)),
    "shape that wraps": (_described("(4294967296, 4294967296)"), ("input.npy",)),
    "shape below zero": (_described("(-6, 4)"), ("input.npy",)),
    "shape of huge numbers": (_described(f"({'9' * 400}, 4)"), ("input.npy",)),
    "shape of 1000 dimensions": (_described(f"({'1, ' * 1000})"), ("input.npy",)),
    "shape of texts": (_described("('a', 4)"), ("input.npy",)),
    "header of code": (
        with_header("{'descr': __import__('os'), 'fortran_order': False, 'shape': (6, 4), }\n"),
        NO_ARRAY,
    ),
    "header nested deep": (with_header("(" * 9_000), NO_ARRAY),
    "header of brackets": (with_header("{'descr': " + "[" * 5_000 + "]" * 5_000 + "}\n"), NO_ARRAY),
    "header of minus signs": (with_header("-" * 9_000 + "1"), NO_ARRAY),
    "header of 4 GB": (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}", NO_ARRAY),
    "header of nothing": (with_header("{}\n"), NO_ARRAY),
    "header of NUL": (with_header("\0" * 118), NO_ARRAY),
    "version 9": (saved(_good()).replace(b"NUMPY\x01", b"NUMPY\x09", 1), NO_ARRAY),
    "unknown type": (_described("(6, 4)", "<q9"), NO_ARRAY),
    "huge type": (_described("(6, 4)", "<f4000000000"), NO_ARRAY),
}
