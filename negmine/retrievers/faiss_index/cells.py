"""The cells of an IVF index in a file of their own: filled shard after shard, so memory holds one shard's.

One quantiser is trained for all shards. FAISS writes the cells of each shard into a file, and another process
brings them together: cell by cell, in the order of the vectors. So it is the index that would have been
filled at once, whatever the number of shards. `index.faiss` then holds the quantiser, `cells.faiss` the cells.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from negmine.data.arrays import Floats
from negmine.errors import WorkdirError
from negmine.retrievers.faiss_index import cells_child
from negmine.retrievers.faiss_index.module import faiss_or_error
from negmine.storage.arrays import damaged
from negmine.storage.files import new_folder, remove_folder

CELLS = "cells.faiss"
_ID = 8  # bytes of the number of a vector in a cell


def can_be_cut(index: Any) -> bool:
    """Tell whether an empty index has cells that FAISS can keep in a file, and no list beside them."""
    faiss = faiss_or_error()
    if not isinstance(faiss.downcast_index(index), faiss.IndexIVF | faiss.IndexPreTransform):
        return False
    inner = faiss.try_extract_index_ivf(index)
    lists = None if inner is None else faiss.downcast_InvertedLists(inner.invlists)
    return isinstance(lists, faiss.ArrayInvertedLists)


def fill(
    index: Any,
    blocks: Callable[[int], list[tuple[int, Callable[[], Floats]]]],
    shards: int,
    file: Path,
) -> None:
    """Fill a trained, empty index shard by shard, and write it to `file`; its cells go beside it.

    blocks(shard): the first row of each block of vectors of a shard, and what reads it. Raises WorkdirError
    where the process that brings cells together fails.
    """
    pieces = new_folder(file.parent / "pieces")
    trained = pieces / "trained"
    faiss_or_error().write_index(index, str(trained))
    names = []
    for shard in range(shards):
        for first, read in blocks(shard):
            vectors = read()
            index.add_with_ids(vectors, np.arange(first, first + len(vectors)))
        names.append(str(pieces / f"{shard:05d}"))
        faiss_or_error().write_index(index, names[-1])
        index.reset()
    wanted = {
        "trained": str(trained), "pieces": names, "cells": str(file.with_name(CELLS)),
        "index": str(file), "name": CELLS,
    }  # fmt: skip
    program = [sys.executable, "-P", str(Path(cells_child.__file__))]
    done = subprocess.run(program, input=json.dumps(wanted), capture_output=True, text=True)
    if done.returncode:
        raise WorkdirError(
            f"FAISS could not bring the cells of {shards} shards together in {file.parent}: "
            f"{done.stderr.strip()[-300:] or f'exit code {done.returncode}'}. Is the disk full? Else "
            "--shards 1 fills the index at once, in memory."
        )
    remove_folder(pieces)


def map_cells(index: Any, file: Path) -> None:
    """Map the cells of an index that was opened without them. Raises CorruptArtifact where they do not fit."""
    faiss, path = faiss_or_error(), file.with_name(CELLS)
    inner = faiss.try_extract_index_ivf(index)
    lists = None if inner is None else faiss.downcast_InvertedLists(inner.invlists)
    if not isinstance(lists, faiss.OnDiskInvertedLists):
        raise damaged(file, f"it knows nothing of {CELLS} beside it")
    size = path.stat().st_size
    for number in range(lists.nlist):
        one = lists.lists.at(number)
        end = one.offset + one.capacity * (lists.code_size + _ID) if one.capacity else 0
        if one.size > one.capacity or end > size:
            raise damaged(file, f"cell {number} lies outside of {CELLS}")
    if lists.totsize != size:
        raise damaged(file, f"{CELLS} has another size")
    lists.filename, lists.read_only = str(path), True
    lists.do_mmap()
