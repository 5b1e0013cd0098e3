"""The small JSON files of a work directory: settings, manifests, digests, the lock's holder, proofs.

They are read in bounded size and depth, through no link. All but the holder's have a checksum of what they
say (`checksum`), so that a flipped byte is damage and not another setting. A file without one, written by an
older version or by hand, is read as it is.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xxhash

from negmine.config.json_text import parsed
from negmine.config.secrets import redacted
from negmine.storage.files import write_json

LARGEST = 32 << 20  # bytes; a manifest of 200,000 parts
CHECKSUM = "checksum"  # a key of the object, beside what it says


def read_json(path: Path, largest: int = LARGEST) -> Any:
    """Return what a JSON file holds.

    Raises OSError where it cannot be opened (a link cannot), ValueError for what is no JSON, no regular
    file, nested too deep, or has more than `largest` bytes.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(os.fspath(path), flags)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no file")
        if status.st_size > largest:
            raise ValueError(f"it has more than {largest:,} bytes")
        with os.fdopen(handle, "rb", closefd=False) as stream:
            content = stream.read(largest)
    finally:
        os.close(handle)
    try:
        return parsed(content.decode("utf-8"))
    except ValueError as error:
        raise ValueError(f"it is no JSON object ({error})") from error


def read_sealed(path: Path) -> dict[str, Any]:
    """Return the JSON object of a file that `write_sealed` wrote, without its checksum.

    Raises OSError and ValueError as `read_json` does, and ValueError where its checksum is another.
    """
    return unsealed(read_json(path))


def write_sealed(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object with its checksum, atomically; what JSON has no word for is written as text."""
    write_json(path, sealed(value))


def sealed(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON object as it will be read again (secrets cut out), with its checksum."""
    plain = parsed(redacted(json.dumps(value, indent=2, ensure_ascii=False, default=str)))
    return {**plain, CHECKSUM: _checksum(plain)}


def unsealed(value: Any) -> dict[str, Any]:
    """Return what `sealed` was given. Raises ValueError for no object, or another checksum."""
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    plain = {key: one for key, one in value.items() if key != CHECKSUM}
    if CHECKSUM in value and value[CHECKSUM] != _checksum(plain):
        raise ValueError("it was altered: its checksum is another")
    return plain


def _checksum(value: Mapping[str, Any]) -> str:
    """Return the XXH3 (128 bits, hex) of an object, however its JSON is laid out."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return xxhash.xxh3_128_hexdigest(text.encode())
