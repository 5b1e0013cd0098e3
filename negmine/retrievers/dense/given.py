"""Vectors that the user brought: arrays in the row order of the source files, or files with ids (by_id.py)."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.addresses import Address
from negmine.config.places import check_regular
from negmine.config.settings import IndexSettings
from negmine.data.arrays import Floats
from negmine.data.frames import frame
from negmine.data.identity import identity_of
from negmine.data.sources import lance_tables
from negmine.data.sources.places import LOCAL, Places
from negmine.data.sources.vector_files import columns_in, has_ids, vector_files, width_of
from negmine.errors import InputError
from negmine.models.encoder import Kind, read_as
from negmine.models.norms import Norms
from negmine.storage.npy import map_npy
from negmine.storage.workdir import Workdir


def paths(settings: IndexSettings) -> dict[Kind, Path]:
    """Return by kind of the run the files of vectors; empty where a model encodes."""
    if settings.query_vectors is None or settings.document_vectors is None:
        return {}
    files: dict[Kind, Path] = {
        "query": settings.query_vectors,
        "document": settings.document_vectors,
    }
    return {kind: files[read_as(kind, settings)] for kind in files}


def shaping(settings: IndexSettings, work: Workdir) -> dict[str, Any]:
    """Return what tells these vectors from others: the hashes of their files, and columns that are named.

    Of a file at an address, what its server says of it counts; it is not fetched.
    """
    columns = {
        name: getattr(settings, name)
        for name in ("vector_id_column", "vector_column")
        if getattr(settings, name) is not None
    }
    return {"vectors": [_digest(path, work) for path in paths(settings).values()], **columns}


def _digest(path: Path, work: Workdir) -> str:
    if not has_ids(path):
        if not isinstance(path, Address):
            open_rows(path)
        return work.digest_of(path)
    files = vector_files(path, work.remote)
    parts = [lance_tables.files_of(one) if lance_tables.is_lance(one) else [one] for one in files]
    hashes = [work.digest_of(file) for file in chain.from_iterable(parts)]
    return hashes[0] if len(hashes) == 1 else identity_of(hashes)


def described(settings: IndexSettings, work: Workdir) -> dict[str, Any]:
    """Return what the manifest says of files at addresses; nothing where there are none."""
    files = [file for path in paths(settings).values() for file in _files(path, work.remote)]
    remote = work.remote.described(files)
    return {"remote": remote} if remote else {}


def _files(path: Path, places: Places) -> list[Path]:
    return vector_files(path, places) if has_ids(path) else [path]


def width(settings: IndexSettings, kind: Kind, places: Places = LOCAL) -> int:
    """Return the number of dimensions of the vectors of this kind, of the first file that has rows.

    Raises InputError for unreadable ones.
    """
    path = paths(settings)[kind]
    if not has_ids(path):
        return int(open_rows(path, places).shape[1])
    theirs = read_as(kind, settings)
    for file in vector_files(path, places):
        columns = columns_in(
            [file], theirs, settings.vector_id_column, settings.vector_column, places
        )
        if dimensions := width_of(file, columns, places):
            return dimensions
    return 0


def check_widths(settings: IndexSettings, places: Places = LOCAL) -> int:
    """Return the number of dimensions; raise InputError where documents and queries have different ones."""
    documents, queries = (width(settings, kind, places) for kind in ("document", "query"))
    if documents != queries:
        raise InputError(
            f"--document-vectors {settings.document_vectors} have {documents} dimensions, "
            f"--query-vectors {settings.query_vectors} {queries}. Bring those of one model."
        )
    return queries


def check_rows(
    settings: IndexSettings, documents: int, queries: int, places: Places = LOCAL
) -> None:
    """Raise InputError unless arrays in row order have a row for every row of the source files."""
    counts: dict[Kind, int] = {"document": documents, "query": queries}
    for kind, path in paths(settings).items():
        if has_ids(path):
            continue
        if (rows := len(open_rows(path, places))) != counts[kind]:
            theirs = read_as(kind, settings)
            raise InputError(
                f"--{theirs}-vectors {path} has {rows:,} rows, the source {counts[kind]:,}. It needs one row "
                f"per {theirs}, in the order of the source file. Or bring Parquet with ids."
            )


class InRows:
    """An array in the row order of the source file. kind: what the user calls its rows."""

    def __init__(self, kind: Kind, path: Path, norms: Norms, places: Places = LOCAL) -> None:
        self._kind, self._path, self._norms = kind, path, norms
        self._array = open_rows(path, places)

    def vectors(self, table: pa.Table) -> Floats:
        """Return the vectors of a table's rows, by its column source_row."""
        rows, kind, path = frame(table)["source_row"].to_numpy(), self._kind, self._path
        if len(rows) and rows.max() >= len(self._array):
            raise InputError(
                f"--{kind}-vectors {path} has {len(self._array):,} rows, but the source has a row "
                f"{rows.max() + 1:,}. It needs one row per {kind}, in the order of the source file."
            )
        return self._norms(
            self._array[rows], lambda row: f"--{kind}-vectors {path}, row {rows[row] + 1}"
        )


def open_rows(path: Path, places: Places = LOCAL) -> NDArray[Any]:
    """Return a .npy array of floats, mapped, [rows, dimensions]; raise InputError for anything else."""
    local = places.local(path)
    check_regular(local)
    try:
        array: NDArray[Any] = map_npy(local)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist. Check the path.") from error
    except ValueError as error:
        if " than its shape " in str(error):
            raise InputError(f"{path}: {error}. Copy it again.") from error
        if str(error).startswith("it holds"):
            raise InputError(f"{path}: {error}. It must be floats, one row per text.") from error
        if is_zipfile(local):
            raise InputError(
                f"{path} is no .npy array but an archive, as .npz is. Write each array with numpy.save, as "
                "float32."
            ) from error
        raise InputError(
            f"{path} is no .npy array of numbers. Write it with numpy.save, as float32."
        ) from error
    if array.ndim != 2 or array.dtype.kind != "f" or not array.shape[1]:
        raise InputError(
            f"{path} holds {array.dtype} of shape {array.shape}. It must be floats, one row per text."
        )
    return array
