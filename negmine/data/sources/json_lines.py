"""JSON lines: by Arrow where a chunk is in order, else line by line, telling what is wrong with which.

Arrow is many times as fast as Python, and as strict, but tells no line. So it gives a
table of what has nothing to be told of, and leaves the rest to Python's reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from negmine.config.json_text import DEEPEST, parsed
from negmine.data.sources.problems import Problems
from negmine.data.sources.rows import CHUNK, MOST_BYTES, Chunk, Row
from negmine.data.sources.text import RawLine, decoded, is_encodable, raw_lines

_ENDS = (b"}\n", b"}\r\n", b"}")


def json_chunks(path: Path, problems: Problems) -> Iterator[Chunk]:
    """Yield the objects of a file, one a line; blank lines are no rows."""
    left, start = raw_lines(path, problems), 0
    while block := _block(left):
        stop = start + sum(1 for line in block if line.raw.strip())
        rows = partial(_rows, block, start, path, problems)
        yield Chunk(start, stop, block[0].number, rows, partial(_table, block))
        start = stop


def _block(lines: Iterator[RawLine]) -> list[RawLine]:
    """Return the next lines: as many as a chunk may have."""
    block: list[RawLine] = []
    size = 0
    for line in lines:
        block.append(line)
        size += len(line.raw)
        if len(block) == CHUNK or size >= MOST_BYTES:
            break
    return block


def _table(block: Sequence[RawLine]) -> pa.Table | None:
    """Return a row for every line, or None unless every line is an object that Arrow reads as Python would.

    A line that begins with { and ends with } cannot go on in the next, so as many rows as lines are one each.
    """
    from pyarrow import json as arrow_json

    lines = [line.raw for line in block]
    whole = b"".join(lines)
    if not all(line.startswith(b"{") and line.endswith(_ENDS) for line in lines):
        return None
    if any(line.count(b"[") + line.count(b"{") > DEEPEST for line in lines):
        return None  # deep nesting ends Arrow's process
    try:
        whole.decode()  # Arrow does not look
        first = parsed(lines[0], _once)
        # What is a string in the first line has to be one everywhere; or Arrow would see dates in them.
        strings = pa.schema(
            [(name, pa.string()) for name, v in first.items() if isinstance(v, str)]
        )
        table = arrow_json.read_json(
            pa.BufferReader(whole),
            parse_options=arrow_json.ParseOptions(explicit_schema=strings),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(whole) + 1),
        )
    except (ValueError, pa.ArrowException):
        return None
    if table.num_rows != len(lines) or any("\0" in name for name in table.column_names):
        return None
    return table.select(list(dict.fromkeys([*first, *table.column_names])))  # as they come up


def _rows(block: Sequence[RawLine], start: int, path: Path, problems: Problems) -> list[Row]:
    """Return the rows of a block, one by one, and tell what is wrong with the others."""
    rows: list[Row] = []
    position = start - 1
    for number, raw in block:
        if not raw.strip():
            continue
        position += 1
        text = decoded(raw, path, number, problems)
        if text is None:
            continue
        try:
            value = parsed(text, _once)
        except ValueError as error:
            _bad(path, number, text, str(error), problems)
            continue
        if isinstance(value, dict):
            rows.append(Row(number, position, value))
        else:
            _bad(path, number, text, f"a JSON {type(value).__name__}, not an object", problems)
    return rows


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object. Raises ValueError where a key is there twice, or can name no column."""
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r:.60} stands twice")
    together = "".join(value)
    if "\0" in together or not is_encodable(together):
        raise ValueError("a key has a NUL character or half a character (a lone surrogate) in it")
    return value


def _bad(path: Path, number: int, text: str, what: str, problems: Problems) -> None:
    if "\r" in text.strip():
        what = "several lines are one, since they end with bare CR, not with LF or CRLF"
    problems.add(
        "invalid JSON",
        file=path,
        row=number,
        message=f"invalid JSON: {what}: {text.strip()[:60]!r}",
        remedy="Each line must be one JSON object.",
    )
