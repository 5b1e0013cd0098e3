"""Columns of Parquet that Python, Polars or people do not expect: as ids, texts, relevance, or columns of one's own."""

import datetime
import decimal
import struct
from collections.abc import Callable
from typing import NamedTuple

import pyarrow as pa


class Column(NamedTuple):
    """values(count): the column. For each use of it (id, text, relevance, own) the exit code and words; None: as it is."""

    values: Callable[[int], pa.Array]
    as_id: tuple = (0,)
    as_text: tuple = (0,)
    as_relevance: tuple = (1, "whole number")
    own: tuple = (0,)


def _strings(data, offsets):
    """Return strings out of raw bytes, whatever they are."""
    return pa.Array.from_buffers(
        pa.string(),
        len(offsets) - 1,
        [None, pa.py_buffer(struct.pack(f"<{len(offsets)}i", *offsets)), pa.py_buffer(data)],
    )


def _bad_utf8(count):
    words = [b"a%d" % n if n else b"caf\xe9" for n in range(count)]
    offsets = [sum(map(len, words[:n])) for n in range(count + 1)]
    return _strings(b"".join(words), offsets)


def _ints(kind):
    return lambda count: pa.array(range(count), kind)


def _far(kind, value):
    return lambda count: pa.array([value] * count, pa.int64()).cast(kind) if kind != pa.date32() else pa.array(
        [value] * count, pa.int32()
    ).cast(kind)


_REFUSED = (1, "input.parquet", "row 1")
_NUMBERS = (0,)
_BYTES = (1, "bytes that are not UTF-8")
_TWICE = (1, "already")  # all rows have the same id
COLUMNS = {
    "int8": Column(_ints(pa.int8()), as_relevance=(0,)),
    "uint64": Column(_ints(pa.uint64()), as_relevance=(0,)),
    "float16": Column(lambda count: pa.array([float(n) for n in range(count)], pa.float32()).cast(pa.float16()), as_relevance=(0,)),
    "float64": Column(lambda count: pa.array([float(n) for n in range(count)]), as_relevance=(0,)),
    "NaN": Column(lambda count: pa.array([float("nan")] * count), _REFUSED, _REFUSED),
    "infinite": Column(lambda count: pa.array([float("inf")] * count), _REFUSED, (0,)),
    "int64 beyond 32 bits": Column(lambda count: pa.array([2**40 + n for n in range(count)])),
    "decimal": Column(
        lambda count: pa.array([decimal.Decimal(n) for n in range(count)], pa.decimal128(9, 2)), as_relevance=(0,),
    ),
    "decimal256": Column(
        lambda count: pa.array([decimal.Decimal(n) for n in range(count)], pa.decimal256(70, 2)), as_relevance=(0,),
    ),
    "bool": Column(lambda count: pa.array([n % 2 == 0 for n in range(count)]), _TWICE, as_relevance=(0,)),
    "null": Column(lambda count: pa.nulls(count), (1, "empty"), (1, "empty"), _REFUSED),
    "binary, UTF-8": Column(lambda count: pa.array([b"a%d" % n for n in range(count)])),
    "large binary, UTF-8": Column(lambda count: pa.array([b"a%d" % n for n in range(count)], pa.large_binary())),
    "fixed binary, UTF-8": Column(lambda count: pa.array([b"a%03d" % n for n in range(count)], pa.binary(4))),
    "binary": Column(lambda count: pa.array([b"\xff%d" % n for n in range(count)]), _BYTES, _BYTES),
    "fixed binary": Column(lambda count: pa.array([b"\xff%03d" % n for n in range(count)], pa.binary(4)), _BYTES, _BYTES),
    "strings that are no UTF-8": Column(_bad_utf8, _BYTES, _BYTES),
    "dictionary": Column(lambda count: pa.array([f"a{n}" for n in range(count)]).dictionary_encode()),
    "large string": Column(lambda count: pa.array([f"a{n}" for n in range(count)], pa.large_string())),
    "string view": Column(lambda count: pa.array([f"a{n}" for n in range(count)], pa.string_view())),
    "list": Column(lambda count: pa.array([[f"a{n}"] for n in range(count)]), (1, "list"), (1, "list")),
    "empty lists": Column(lambda count: pa.array([[] for n in range(count)], pa.list_(pa.string())), (1, "input.parquet"), (1, "input.parquet")),
    "list of bytes": Column(lambda count: pa.array([[b"\xff"]] * count), (1, "list"), (1, "list")),
    "struct": Column(lambda count: pa.array([{"a": n} for n in range(count)]), (1, "dict"), (1, "dict")),
    "map": Column(
        lambda count: pa.array([[("a", n)] for n in range(count)], pa.map_(pa.string(), pa.int64())), (1, "list"), (1, "list"),
    ),
    "date": Column(lambda count: pa.array([datetime.date(2020, 1, 1 + n) for n in range(count)])),
    "date beyond Python's": Column(lambda count: pa.array([5_000_000 + n for n in range(count)], pa.int32()).cast(pa.date32())),
    "time": Column(lambda count: pa.array([datetime.time(1, n) for n in range(count)])),
    "timestamp": Column(lambda count: pa.array([10**15 + n for n in range(count)], pa.int64()).cast(pa.timestamp("us"))),
    "nanoseconds": Column(lambda count: pa.array([10**18 + n for n in range(count)], pa.int64()).cast(pa.timestamp("ns"))),
    "timestamp beyond Python's": Column(
        lambda count: pa.array([2**62 + n for n in range(count)], pa.int64()).cast(pa.timestamp("us"))
    ),
    "timestamp before Python's": Column(
        lambda count: pa.array([-(2**62) + n for n in range(count)], pa.int64()).cast(pa.timestamp("ms"))
    ),
    "unknown time zone": Column(
        lambda count: pa.array([10**15 + n for n in range(count)], pa.int64()).cast(pa.timestamp("us", "Mars/Olympus"))
    ),
    "time zone that is a path": Column(
        lambda count: pa.array([10**15 + n for n in range(count)], pa.int64()).cast(pa.timestamp("us", "../../etc/passwd"))
    ),
    "duration": Column(lambda count: pa.array([2**62 + n for n in range(count)], pa.int64()).cast(pa.duration("us"))),
    "list of timestamps beyond Python's": Column(
        lambda count: pa.array([[2**62]] * count, pa.list_(pa.int64())).cast(pa.list_(pa.timestamp("us"))), (1, "input.parquet"), (1, "input.parquet"),
    ),
    "struct of unknown time zones": Column(
        lambda count: pa.StructArray.from_arrays(
            [pa.array([10**15] * count, pa.int64()).cast(pa.timestamp("us", "Mars/Olympus"))], names=["at"]
        ),
        (1, "input.parquet"), (1, "input.parquet"),
    ),
}  # fmt: skip
