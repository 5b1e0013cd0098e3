"""Columns of Parquet that nobody expects, as ids, texts, relevance, or columns of one's own."""

import datetime
import decimal
import struct
from collections.abc import Callable
from typing import NamedTuple

import pyarrow as pa


class Column(NamedTuple):
    """values(count): the column; for each use of it the exit code, and words of the message.

    in_lint: as a negative. is_empty: no row has a value.
    """

    values: Callable[[int], pa.Array]
    as_id: tuple = (0,)
    as_text: tuple = (0,)
    as_relevance: tuple = (1, "whole number")
    own: tuple = (0,)
    in_lint: tuple = (1, "no columns that could be negatives")
    is_empty: bool = False


class Table(NamedTuple):
    """change: a valid table to an odd one; code and words: how a command ends."""

    change: Callable[[pa.Table], pa.Table]
    code: int
    words: tuple[str, ...] = ()


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


def _ints(kind, first=0, stored=None):
    return lambda count: pa.array(range(first, first + count), stored or pa.int64()).cast(kind)


_REFUSED = (1, "input.parquet", "row 1")
_BYTES = (1, "bytes that are not UTF-8")
_TWICE = (1, "already")  # all rows have the same id
COLUMNS = {
    "int8": Column(_ints(pa.int8()), as_relevance=(0,)),
    "uint64": Column(_ints(pa.uint64()), as_relevance=(0,)),
    "float16": Column(
        lambda count: pa.array([float(n) for n in range(count)], pa.float32()).cast(pa.float16()),
        as_relevance=(0,),
    ),
    "float64": Column(lambda count: pa.array([float(n) for n in range(count)]), as_relevance=(0,)),
    "NaN": Column(
        lambda count: pa.array([float("nan")] * count), _REFUSED, _REFUSED, is_empty=True
    ),
    "infinite": Column(lambda count: pa.array([float("inf")] * count), _REFUSED, (0,)),
    "int64 beyond 32 bits": Column(lambda count: pa.array([2**40 + n for n in range(count)])),
    "decimal": Column(
        lambda count: pa.array([decimal.Decimal(n) for n in range(count)], pa.decimal128(9, 2)),
        as_relevance=(0,),
    ),
    "decimal256": Column(
        lambda count: pa.array([decimal.Decimal(n) for n in range(count)], pa.decimal256(70, 2)),
        as_relevance=(0,),
    ),
    "bool": Column(
        lambda count: pa.array([n % 2 == 0 for n in range(count)]), _TWICE, as_relevance=(0,)
    ),
    "null": Column(
        lambda count: pa.nulls(count),
        (1, "empty"),
        (1, "empty"),
        _REFUSED,
        in_lint=(0,),
        is_empty=True,
    ),
    "binary, UTF-8": Column(
        lambda count: pa.array([b"a%d" % n for n in range(count)]), in_lint=(0,)
    ),
    "large binary, UTF-8": Column(
        lambda count: pa.array([b"a%d" % n for n in range(count)], pa.large_binary()), in_lint=(0,)
    ),
    "fixed binary, UTF-8": Column(
        lambda count: pa.array([b"a%03d" % n for n in range(count)], pa.binary(4))
    ),
    "binary": Column(
        lambda count: pa.array([b"\xff%d" % n for n in range(count)]),
        _BYTES,
        _BYTES,
        in_lint=_BYTES,
    ),
    "fixed binary": Column(
        lambda count: pa.array([b"\xff%03d" % n for n in range(count)], pa.binary(4)),
        _BYTES,
        _BYTES,
    ),
    "strings that are no UTF-8": Column(_bad_utf8, _BYTES, _BYTES, in_lint=_BYTES),
    "dictionary": Column(
        lambda count: pa.array([f"a{n}" for n in range(count)]).dictionary_encode(), in_lint=(0,)
    ),
    "large string": Column(
        lambda count: pa.array([f"a{n}" for n in range(count)], pa.large_string()), in_lint=(0,)
    ),
    "string view": Column(
        lambda count: pa.array([f"a{n}" for n in range(count)], pa.string_view()), in_lint=(0,)
    ),
    "list": Column(
        lambda count: pa.array([[f"a{n}"] for n in range(count)]),
        (1, "list"),
        (1, "list"),
        in_lint=(0,),
    ),
    "empty lists": Column(
        lambda count: pa.array([[] for n in range(count)], pa.list_(pa.string())),
        (1, "input.parquet"),
        (1, "input.parquet"),
        in_lint=(0,),
    ),
    "list of bytes": Column(lambda count: pa.array([[b"\xff"]] * count), (1, "list"), (1, "list")),
    "struct": Column(
        lambda count: pa.array([{"a": n} for n in range(count)]), (1, "dict"), (1, "dict")
    ),
    "map": Column(
        lambda count: pa.array(
            [[("a", n)] for n in range(count)], pa.map_(pa.string(), pa.int64())
        ),
        (1, "list"),
        (1, "list"),
    ),
    "date": Column(lambda count: pa.array([datetime.date(2020, 1, 1 + n) for n in range(count)])),
    "date beyond Python's": Column(_ints(pa.date32(), 5_000_000, pa.int32())),
    "time": Column(lambda count: pa.array([datetime.time(1, n) for n in range(count)])),
    "timestamp": Column(_ints(pa.timestamp("us"), 10**15)),
    "nanoseconds": Column(_ints(pa.timestamp("ns"), 10**18)),
    "timestamp beyond Python's": Column(_ints(pa.timestamp("us"), 2**62)),
    "timestamp before Python's": Column(_ints(pa.timestamp("ms"), -(2**62))),
    "unknown time zone": Column(_ints(pa.timestamp("us", "Mars/Olympus"), 10**15)),
    "time zone that is a path": Column(_ints(pa.timestamp("us", "../../etc/passwd"), 10**15)),
    "duration": Column(_ints(pa.duration("us"), 2**62)),
    "list of timestamps beyond Python's": Column(
        lambda count: pa.array([[2**62]] * count, pa.list_(pa.int64())).cast(
            pa.list_(pa.timestamp("us"))
        ),
        (1, "input.parquet"),
        (1, "input.parquet"),
    ),
    "struct of unknown time zones": Column(
        lambda count: pa.StructArray.from_arrays(
            [pa.array([10**15] * count, pa.int64()).cast(pa.timestamp("us", "Mars/Olympus"))],
            names=["at"],
        ),
        (1, "input.parquet"),
        (1, "input.parquet"),
    ),
}
TABLES = {
    "no columns": Table(lambda table: table.select([]), 1),
    "no rows": Table(lambda table: table.slice(0, 0), 1),
    "a column twice": Table(
        lambda table: table.append_column(table.column_names[-1], table.column(-1)), 1, ("twice",)
    ),
    "two columns without a name": Table(
        lambda table: table.append_column("", table.column(0)).append_column("", table.column(0)),
        1,
        ("without a name",),
    ),
    "NUL in a name": Table(lambda table: table.append_column("a\0b", table.column(0)), 1, ("NUL",)),
    "a name of a megabyte": Table(
        lambda table: table.append_column("a" * 1_000_000, table.column(0)), 0
    ),
    "5,000 columns": Table(
        lambda table: pa.table(
            table.columns + [table.column(0)] * 5000,
            table.column_names + [f"c{n}" for n in range(5000)],
        ),
        0,
    ),
    "only other columns": Table(
        lambda table: pa.table({f"c{n}": [n] * 3 for n in range(500)}), 1, ("c0",)
    ),
    "metadata that is no UTF-8": Table(
        lambda table: table.replace_schema_metadata({b"\xff": b"\xff"}), 0
    ),
    "metadata of pandas that is none": Table(
        lambda table: table.replace_schema_metadata({b"pandas": b"{"}), 0
    ),
}
