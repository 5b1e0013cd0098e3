"""From a file's bytes to its lines: gzip, encodings, and where they go wrong."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from negmine.config.places import check_regular
from negmine.data.sources.problems import Problems
from negmine.errors import InputError

LONGEST_LINE = 100_000_000  # bytes, also of what a gzipped file becomes
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """A line without its end, and its number from 1."""

    number: int
    text: str


class RawLine(NamedTuple):
    """A line as it stands in the file, with its end, and its number from 1."""

    number: int
    raw: bytes


def open_bytes(path: Path) -> BinaryIO:
    """Open a plain or gzipped file; told apart by its first bytes, not by its name.

    Raises InputError for a file that is not there, no regular file, or one that may not be read.
    """
    check_regular(path)
    try:
        with path.open("rb") as stream:
            magic = stream.read(2)
        if path.suffix == ".gz" and magic != _GZIP:
            raise InputError(
                f"{path} is not gzipped, though its name says so. Rename or compress it."
            )
        return cast(BinaryIO, gzip.open(path)) if magic == _GZIP else path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def lines(path: Path, problems: Problems) -> Iterator[Line]:
    """Yield the lines of a UTF-8 text file; lines that are no UTF-8 become problems."""
    for number, raw in raw_lines(path, problems):
        text = decoded(raw, path, number, problems)
        if text is not None:
            yield Line(number, text)


def raw_lines(path: Path, problems: Problems) -> Iterator[RawLine]:
    """Yield the lines of a file as bytes; where a gzipped one breaks off becomes a problem.

    Raises InputError for what is no UTF-8 as a whole, and for a line that has no end.
    """
    number = 0
    with open_bytes(path) as stream:
        try:
            while raw := stream.readline(LONGEST_LINE):
                number += 1
                if number == 1:
                    raw = _first(raw, path, isinstance(stream, gzip.GzipFile))
                if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
                    raise InputError(
                        f"{path}, line {number} has more than {LONGEST_LINE // 1_000_000} MB. Each row must be "
                        "a line. Check that this is the right file."
                    )
                yield RawLine(number, raw)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            problems.add(
                "broken gzip",
                file=path,
                row=number + 1,
                message=f"the gzip stream ends early or is damaged ({error})",
                remedy="Get the whole file again; gzip -t checks it.",
                safe_to_skip=False,
            )


def _first(raw: bytes, path: Path, is_gzipped: bool) -> bytes:
    """Return the first line without its BOM. Raises InputError where the file is no UTF-8 as a whole."""
    if is_gzipped and raw.startswith(_GZIP):
        raise InputError(f"{path} is gzipped twice. Unpack it once: gunzip.")
    some = raw[:1000].rstrip(b"\0")
    if raw[:2] in _UTF16 or 4 * some.count(0) > len(some) > 0:
        raise InputError(f"{path} is UTF-16, not UTF-8. Convert it: iconv -f UTF-16 -t UTF-8")
    return raw.removeprefix(_BOM)


def decoded(raw: bytes, path: Path, number: int, problems: Problems) -> str | None:
    """Return the text of a line; one that is no UTF-8 becomes a problem, and None."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        problems.add(
            "not UTF-8",
            file=path,
            row=number,
            message=f"byte {error.start + 1} (0x{raw[error.start]:02x}) is not UTF-8",
            remedy="Convert the file, for example: iconv -f LATIN1 -t UTF-8",
        )
        return None


def is_encodable(text: str) -> bool:
    """Tell whether a text can be written as UTF-8: it has no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
