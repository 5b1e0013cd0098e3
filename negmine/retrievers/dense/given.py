"""Vectors that the user brought: arrays in the row order of the source files, or files with ids (by_id.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.places import check_regular
from negmine.config.settings import IndexSettings
from negmine.data.arrays import Floats
from negmine.data.frames import frame
from negmine.data.identity import identity_of
from negmine.data.sources.vector_files import columns_in, has_ids, vector_files, width_of
from negmine.errors import InputError
from negmine.models.encoder import Kind, read_as
from negmine.models.locate import Digest
from negmine.models.norms import Norms
from negmine.storage.npy import map_npy


def paths(settings: IndexSettings) -> dict[Kind, Path]:
    """Return by kind of the run the files of vectors; empty where a model encodes."""
    if settings.query_vectors is None or settings.document_vectors is None:
        return {}
    files: dict[Kind, Path] = {
        "query": settings.query_vectors,
        "document": settings.document_vectors,
    }
    return {kind: files[read_as(kind, settings)] for kind in files}


def shaping(settings: IndexSettings, digest: Digest) -> dict[str, Any]:
    """Return what tells these vectors from others: the hashes of their files, and columns that are named."""
    columns = {
        name: getattr(settings, name)
        for name in ("vector_id_column", "vector_column")
        if getattr(settings, name) is not None
    }
    return {"vectors": [_digest(path, digest) for path in paths(settings).values()], **columns}


def _digest(path: Path, digest: Digest) -> str:
    if not has_ids(path):
        open_rows(path)
        return digest(path)
    hashes = [digest(file) for file in vector_files(path)]
    return hashes[0] if len(hashes) == 1 else identity_of(hashes)


def width(settings: IndexSettings, kind: Kind) -> int:
    """Return the number of dimensions of the vectors of this kind. Raises InputError for unreadable ones."""
    path = paths(settings)[kind]
    if not has_ids(path):
        return int(open_rows(path).shape[1])
    files = vector_files(path)
    theirs = read_as(kind, settings)
    columns = columns_in(files, theirs, settings.vector_id_column, settings.vector_column)
    return max(width_of(file, columns) for file in files)


def check_widths(settings: IndexSettings) -> int:
    """Return the number of dimensions; raise InputError where documents and queries have different ones."""
    documents, queries = (width(settings, kind) for kind in ("document", "query"))
    if documents != queries:
        raise InputError(
            f"--document-vectors {settings.document_vectors} have {documents} dimensions, "
            f"--query-vectors {settings.query_vectors} {queries}. Bring those of one model."
        )
    return queries


def check_rows(settings: IndexSettings, documents: int, queries: int) -> None:
    """Raise InputError unless arrays in row order have a row for every row of the source files."""
    counts: dict[Kind, int] = {"document": documents, "query": queries}
    for kind, path in paths(settings).items():
        if has_ids(path):
            continue
        if (rows := len(open_rows(path))) != counts[kind]:
            theirs = read_as(kind, settings)
            raise InputError(
                f"--{theirs}-vectors {path} has {rows:,} rows, the source {counts[kind]:,}. It needs one row "
                f"per {theirs}, in the order of the source file. Or bring Parquet with ids."
            )


class InRows:
    """An array in the row order of the source file. kind: what the user calls its rows."""

    def __init__(self, kind: Kind, path: Path, norms: Norms) -> None:
        self._kind, self._path, self._norms = kind, path, norms
        self._array = open_rows(path)

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


def open_rows(path: Path) -> NDArray[Any]:
    """Return a .npy array of floats, mapped, [rows, dimensions]; raise InputError for anything else."""
    check_regular(path)
    try:
        array: NDArray[Any] = map_npy(path)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist. Check the path.") from error
    except ValueError as error:
        if " than its shape " in str(error):
            raise InputError(f"{path}: {error}. Copy it again.") from error
        if str(error).startswith("it holds"):
            raise InputError(f"{path}: {error}. It must be floats, one row per text.") from error
        if is_zipfile(path):
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
