"""Rows out of Arrow IPC files: streams, as `datasets` saves them, and files, as Feather is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from negmine.config.places import check_regular
from negmine.data.sources.columns import check_names
from negmine.data.sources.parquet import chunks_of, with_strings
from negmine.data.sources.problems import Problems
from negmine.data.sources.rows import Chunk
from negmine.data.sources.steps import longest_shared, refuse_huge, step_for
from negmine.errors import InputError

_FILE, _FEATHER_1 = b"ARROW1", b"FEA1"
_BROKEN = (pa.ArrowException, OSError, ValueError, EOFError)


def arrow_chunks(path: Path, problems: Problems) -> Iterator[Chunk]:
    """Yield the rows of an Arrow IPC file."""
    return chunks_of(_batches(path, problems))


def arrow_rows(path: Path) -> int:
    """Return how many rows a file has. Raises what Arrow raises for one that is damaged."""
    check_regular(path)
    with pa.memory_map(str(path)) as source:
        return sum(batch.num_rows for batch in _read(path, source))


def _batches(path: Path, problems: Problems) -> Iterator[pa.RecordBatch]:
    """Yield small record batches, texts as strings; a file that cannot be read to its end is a problem."""
    check_regular(path)
    try:
        with pa.memory_map(str(path)) as source:
            for batch in _read(path, source):
                batch.validate(full=True)  # offsets in it may lead anywhere
                step = step_for(max([0, *map(longest_shared, batch.columns)]))
                for start in range(0, batch.num_rows, step):
                    some = _plain(batch.slice(start, step))
                    refuse_huge(path, some)
                    yield with_strings(some)
    except InputError:
        raise
    except _BROKEN as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        problems.add(
            "broken Arrow file",
            file=path,
            row=None,
            message=f"cannot be read as Arrow IPC ({reason:.200})",
            remedy="Write the file again.",
            safe_to_skip=False,
        )


def _read(path: Path, source: Any) -> Iterator[pa.RecordBatch]:
    magic = source.read(6)
    source.seek(0)
    if magic[:4] == _FEATHER_1:
        raise InputError(f"{path} is Feather of version 1. Write it as Feather 2, or as Parquet.")
    if magic == _FILE:
        file = pa.ipc.open_file(source)
        check_names(path, file.schema.names)
        yield from map(file.get_batch, range(file.num_record_batches))
    else:
        stream = pa.ipc.open_stream(source)
        check_names(path, stream.schema.names)
        yield from iter(partial(next, stream, None), None)


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch without dictionaries and views, which hold the same values in another way."""
    for place, field in enumerate(batch.schema):
        column = batch.column(place)
        if pa.types.is_dictionary(field.type):
            column = column.dictionary_decode()
        elif pa.types.is_string_view(field.type):
            column = column.cast(pa.large_string())
        elif pa.types.is_binary_view(field.type):
            column = column.cast(pa.large_binary())
        else:
            continue
        batch = batch.set_column(place, pa.field(field.name, column.type), column)
    return batch
