"""Names of the objects of an artifact: each carries the identity of its artifact and the sha256 of its bytes.

`part-00003.parquet` of identity `0123456789abcdef` is the object
`2-retrieve/bm25/part-00003-0123456789abcdef-<sha256>.parquet`. Two attempts that made other bytes have other
names, so no object is ever written over, and none needs to be renamed.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple

SHA256 = "sha256"  # the key of a part in a manifest
OBJECT = "object"  # the name of its object in the artifact's folder
_NAME = re.compile(r"(.*?)-([0-9a-f]{16})-([0-9a-f]{64})((?:\.[^/]*)?)")


class Named(NamedTuple):
    """What the name of an object says: the file of the artifact, its identity, the sha256 of its bytes."""

    file: str
    identity: str
    sha256: str


def object_name(file: str, identity: str, sha256: str) -> str:
    """Return the name of the object of a file: `a/b.jsonl` is `a/b-<identity>-<sha256>.jsonl`."""
    path = PurePosixPath(file)
    stem, dot, ends = path.name.partition(".")
    return str(path.with_name(f"{stem}-{identity}-{sha256}{dot}{ends}"))


def read_name(name: str) -> Named | None:
    """Return what the name of an object says; None for another name."""
    match = _NAME.fullmatch(name)
    return Named(match[1] + match[4], match[2], match[3]) if match else None
