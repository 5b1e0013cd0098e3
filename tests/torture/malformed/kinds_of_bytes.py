"""Files that are broken as bytes: encodings, ends of lines, cuts, compression, other formats."""

import gzip
import zlib
from collections.abc import Callable
from typing import NamedTuple

TEXT = ("jsonl", "csv", "tsv", "qrels")
SEPARATED = ("csv", "tsv")


class Kind(NamedTuple):
    """change: valid bytes to broken ones. code and words: how a command ends. endings: of the files it is for.

    of_row: one row is at fault, which `init` only counts. only: the readers that can notice it, or all.
    """

    change: Callable[[bytes], bytes]
    code: int
    words: tuple[str, ...]
    endings: tuple[str, ...]
    of_row: bool = False
    only: tuple[str, ...] = ()


def _second_line(data, change):
    first, second, rest = data.split(b"\n", 2)
    return b"\n".join([first, change(second), rest])


def _flipped_crc(data):
    packed = bytearray(gzip.compress(data, mtime=0))
    packed[-6] ^= 0xFF
    return bytes(packed)


def _raw_deflate(data):
    return b"\x1f\x8b" + zlib.compress(data)


EMPTY = ("no ",)  # "there are no documents in it"
KINDS = {
    "valid": Kind(lambda data: data, 0, (), (*TEXT, "parquet")),
    "empty": Kind(lambda data: b"", 1, ("input",), (*TEXT, "parquet")),
    "blank lines": Kind(lambda data: b"\n \n\t\n\r\n", 1, EMPTY, TEXT),
    "BOM": Kind(lambda data: b"\xef\xbb\xbf" + data, 0, (), TEXT),
    "CRLF": Kind(lambda data: data.replace(b"\n", b"\r\n"), 0, (), TEXT),
    "no last end of line": Kind(lambda data: data.rstrip(b"\n"), 0, (), TEXT),
    "bare CR as ends of lines": Kind(lambda data: data.replace(b"\n", b"\r"), 1, ("CR",), TEXT),
    "bare CR in a field": Kind(
        lambda data: _second_line(data, lambda line: line[:-3] + b"\r" + line[-3:]),
        1,
        ("line 2", "CR"),
        SEPARATED,
    ),
    "UTF-16": Kind(lambda data: data.decode().encode("utf-16"), 1, ("UTF-16", "iconv"), TEXT),
    "UTF-16 big-endian": Kind(
        lambda data: b"\xfe\xff" + data.decode().encode("utf-16-be"), 1, ("UTF-16", "iconv"), TEXT
    ),
    "UTF-16 without BOM": Kind(
        lambda data: data.decode().encode("utf-16-le"), 1, ("UTF-16", "iconv"), TEXT
    ),
    "UTF-32": Kind(lambda data: data.decode().encode("utf-32"), 1, ("UTF-", "iconv"), TEXT),
    "Latin-1": Kind(
        lambda data: _second_line(data, lambda line: line[:1] + b"\xe9" + line[1:]),
        1,
        ("line 2", "not UTF-8", "iconv"),
        TEXT,
        True,
    ),
    "overlong UTF-8": Kind(
        lambda data: _second_line(data, lambda line: line[:1] + b"\xc0\xaf" + line[1:]),
        1,
        ("line 2", "not UTF-8"),
        ("jsonl", "csv", "tsv"),
        True,
    ),
    "encoded surrogate": Kind(
        lambda data: _second_line(data, lambda line: line[:1] + b"\xed\xa0\x80" + line[1:]),
        1,
        ("line 2", "not UTF-8"),
        ("jsonl", "csv", "tsv"),
        True,
    ),
    "zeros at the end": Kind(lambda data: data + b"\0" * 4096, 1, ("line",), TEXT, True),
    "nothing but zeros": Kind(lambda data: b"\0" * 4096, 1, ("input",), (*TEXT, "parquet")),
    "NUL in a field": Kind(
        lambda data: _second_line(data, lambda line: line[:1] + b"\0" + line[1:]),
        1,
        ("line 2", "null byte"),
        SEPARATED,
        True,
        ("corpus", "queries", "qrels", "lint-corpus", "lint-queries", "lint-qrels"),
    ),
    "NUL between fields": Kind(
        lambda data: _second_line(data, lambda line: b"\0" + line),
        1,
        ("line 2", "invalid JSON"),
        ("jsonl",),
        True,
    ),
    "cut in a line": Kind(lambda data: data[:-9], 1, ("line", "invalid JSON"), ("jsonl",), True),
    "a PNG": Kind(
        lambda data: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, 1, ("input",), (*TEXT, "parquet")
    ),
    "a zip": Kind(
        lambda data: b"PK\x03\x04" + bytes(range(256)) * 4, 1, ("input",), (*TEXT, "parquet")
    ),
    "HTML": Kind(
        lambda data: b"<!DOCTYPE html>\n<html><body>404 not\nfound, really</body></html>\n",
        1,
        ("input",),
        (*TEXT, "parquet"),
    ),
    "a pointer of git-lfs": Kind(
        lambda data: b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n",
        1,
        ("input",),
        (*TEXT, "parquet"),
    ),
    "half": Kind(lambda data: data[: len(data) // 2], 1, ("input",), ("parquet",)),
    "head only": Kind(lambda data: data[:8], 1, ("input",), ("parquet",)),
    "tail only": Kind(lambda data: data[len(data) // 2 :], 1, ("input",), ("parquet",)),
    "tail wrong": Kind(lambda data: data[:-4] + b"PAR0", 1, ("input",), ("parquet",)),
    "encrypted tail": Kind(lambda data: data[:-4] + b"PARE", 1, ("input",), ("parquet",)),
    "footer of 2 GB": Kind(
        lambda data: data[:-8] + b"\xff\xff\xff\x7fPAR1", 1, ("input",), ("parquet",)
    ),
    "footer of zeros": Kind(
        lambda data: data[:-200] + b"\0" * 192 + data[-8:], 1, ("input",), ("parquet",)
    ),
    "gz: valid, without its name": Kind(gzip.compress, 0, (), TEXT),
    "gz: Parquet": Kind(gzip.compress, 1, ("Parquet",), ("parquet",)),
    "only a header": Kind(lambda data: data.split(b"\n", 1)[0] + b"\n", 1, EMPTY, SEPARATED),
    "a second header": Kind(
        lambda data: data + data, 1, ("line 9", "already"), ("csv",), only=("corpus",)
    ),
}
GZIPPED = {  # of files that end with .gz
    "gz: valid": Kind(gzip.compress, 0, (), TEXT),
    "gz: of two members": Kind(
        lambda d: gzip.compress(d[:20]) + gzip.compress(d[20:]), 0, (), TEXT
    ),
    "gz: cut": Kind(lambda d: gzip.compress(d)[:-12], 1, ("gzip", "damaged"), TEXT),
    "gz: only its head": Kind(lambda d: gzip.compress(d)[:10], 1, ("gzip",), TEXT),
    "gz: wrong checksum": Kind(_flipped_crc, 1, ("gzip",), TEXT),
    "gz: not one": Kind(lambda d: d, 1, ("not gzipped",), TEXT),
    "gz: empty file": Kind(lambda d: b"", 1, ("not gzipped",), TEXT),
    "gz: of nothing": Kind(lambda d: gzip.compress(b""), 1, ("input",), TEXT),
    "gz: twice": Kind(lambda d: gzip.compress(gzip.compress(d)), 1, ("gzip",), TEXT),
    "gz: garbage after it": Kind(lambda d: gzip.compress(d) + b"garbage", 1, ("gzip",), TEXT),
    "gz: zeros after it": Kind(lambda d: gzip.compress(d) + b"\0" * 512, 0, (), TEXT),
    "gz: another method": Kind(_raw_deflate, 1, ("gzip",), TEXT),
}
