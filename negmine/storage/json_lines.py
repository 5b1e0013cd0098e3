"""Parts as JSON lines, for trainers that read no Parquet.

UTF-8, one object a line. Every line has every key, in the order of the schema: a missing value is `null`,
never left out, so that a reader that takes the columns from the first lines finds them all. JSON has no NaN
and no infinity: they are `null`, too.

A text file has no place for metadata. So the identity of a part that is not yet committed stands in its name:
`.partial/part-00000.<identity>.jsonl` becomes `part-00000.jsonl`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from negmine.data.frames import frame

JSON_LINES = "jsonl"
_PART = re.compile(r"part-\d{5}\.jsonl")
_BLOCK = 1 << 20


def write_lines(table: pa.Table, stream: BinaryIO) -> None:
    """Write each row of `table` as one JSON object and a line feed."""
    frame(table).write_ndjson(stream)


def count_lines(path: Path) -> int:
    """Return how many rows a part has: JSON escapes line feeds inside texts."""
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(_BLOCK), b""))


def pending_name(file: str, identity: str) -> str:
    """Return the name that the part `file` has in `.partial`; of anything else its own name."""
    if not _PART.fullmatch(file):
        return file
    return f"{file.removesuffix(JSON_LINES)}{identity}.{JSON_LINES}"
