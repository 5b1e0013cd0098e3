"""The dense retriever's index: vectors of documents and queries, encoded or brought along.

The index folder holds `documents.npy` and `queries.npy` (unit vectors, one row per document or query in
order), `query_ids.parquet`, and `document_keys.npy` and `query_keys.npy`: a hash of every vector.
`dense_search.py` reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.dense import DenseModel
from negmine.config.places import check_regular
from negmine.config.settings import IndexSettings
from negmine.data.frames import frame
from negmine.data.sources.swapped import D2Q
from negmine.engine.progress import Progress
from negmine.errors import InputError, SettingsError
from negmine.models.encoder import Encoder, Kind, check_devices, normalised
from negmine.retrievers.dense import nearest
from negmine.storage.digests import Digests
from negmine.storage.files import atomic_write, write_array, write_frame
from negmine.storage.npy import map_npy
from negmine.storage.vectors import VectorStore

Tables = Callable[[], Iterator[pa.Table]]
IDS = "query_ids.parquet"


def identity(model: DenseModel, settings: IndexSettings, digest: Digests) -> dict[str, Any]:
    """Return what shapes the vectors, for the artifact's identity; a model counts by its files."""
    if settings.document_vectors is not None and settings.query_vectors is not None:
        given = [settings.query_vectors, settings.document_vectors]
        for path in given:
            _open_given(path)
        return {"vectors": [digest(path) for path in given], "vector_dtype": settings.vector_dtype}
    both = encoders(model, settings, digest)
    own = {"query_model": both["query"].fingerprint} if model.has_query_model else {}
    wanted = model.documents
    cut = {} if wanted.dimensions is None else {"dimensions": wanted.dimensions}
    return {
        "model": both["document"].fingerprint,
        "dtype": both["document"].dtype,
        "max_length": wanted.max_length,
        "query_prompt": both["query"].prompt("query"),
        "document_prompt": both["document"].prompt("document"),
        "vector_dtype": settings.vector_dtype,
        **own,
        **cut,
    }


def encoders(model: DenseModel, settings: IndexSettings, digest: Digests) -> dict[Kind, Encoder]:
    """Return the encoders of documents and queries: one, unless --query-model names another.

    With --direction d2q the run's documents are the user's queries, and have their encoder.
    """
    documents = Encoder(model.documents, settings, digest)
    if not model.has_query_model:
        return {"document": documents, "query": documents}
    queries = Encoder(model.queries, settings, digest, "--query-model")
    if settings.direction == D2Q:
        return {"document": queries, "query": documents}
    return {"document": documents, "query": queries}


def encoder_identities(model: DenseModel, settings: IndexSettings, digest: Digests) -> list[str]:
    """Return the identities of the encoders whose vectors the index is made of; none for given vectors."""
    if settings.document_vectors is not None:
        return []
    both = encoders(model, settings, digest)
    return [encoder.identity(kind) for kind, encoder in both.items()]


def check_machine(settings: IndexSettings) -> None:
    """Find out before hours of encoding: raise SettingsError without the GPU that is asked for."""
    if settings.document_vectors is None:
        check_devices(settings)
    elif settings.one_device == "cuda":
        nearest.check_gpu()


def build(
    documents: Tables,
    queries: Tables,
    folder: Path,
    model: DenseModel,
    settings: IndexSettings,
    store: Path,
    digest: Digests,
    progress: Progress,
) -> dict[str, Any]:
    """Write the vectors of all documents and queries into `folder`; return the manifest's stats.

    documents, queries: tables with doc_id or query_id, text, source_row, streamed more than once.
    store: folder of the vector store. Raises InputError for given vectors that do not fit.
    """
    ids = pa.concat_tables([table.select(["query_id"]) for table in queries()])
    counts = {"document": sum(t.num_rows for t in documents()), "query": ids.num_rows}
    progress.total(sum(counts.values()), "texts")
    maker = (
        _Given(settings)
        if settings.document_vectors is not None
        else _Encoded(model, settings, store, digest, progress.note)
    )
    kinds: tuple[tuple[Kind, Tables, str], ...] = (
        ("document", documents, "documents.npy"),
        ("query", queries, "queries.npy"),
    )
    for kind, tables, file in kinds:
        _write(folder / file, maker, kind, tables, counts[kind], settings.vector_dtype, progress)
    write_frame(folder / IDS, pl.DataFrame({"query_id": ids["query_id"]}))
    return {"documents": counts["document"], "queries": counts["query"], **maker.stats}


def _write(
    path: Path,
    maker: _Given | _Encoded,
    kind: Kind,
    tables: Tables,
    count: int,
    dtype: str,
    progress: Progress,
) -> None:
    """Write the .npy array and the keys beside it; a stream, not a mapping that would fill memory."""
    keys = [np.empty((0, 2), np.uint64)]
    with atomic_write(path) as stream:
        for table in tables():
            vectors = maker.vectors(table, kind, progress).astype(dtype, copy=False)
            if stream.tell() == 0:
                header = {"descr": vectors.dtype.str, "fortran_order": False}
                shape = {"shape": (count, vectors.shape[1])}
                np.lib.format.write_array_header_1_0(stream, header | shape)
            vectors.tofile(stream)
            keys.append(vector_keys(vectors))
    write_array(path.with_name(f"{kind}_keys.npy"), np.concatenate(keys))


def vector_keys(vectors: NDArray[Any]) -> NDArray[np.uint64]:
    """Return a 128-bit hash of every row, uint64 [rows, 2]. Another release of Polars may hash otherwise."""
    flat = np.ascontiguousarray(vectors)
    width = flat.shape[1] * flat.itemsize
    rows = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), len(flat), [None, pa.py_buffer(flat)]
    )
    series = pl.Series(rows.cast(pa.large_binary()))
    return np.column_stack([series.hash(seed).to_numpy() for seed in (0, 1)])


class _Encoded:
    """Vectors out of a model, through the store."""

    def __init__(
        self,
        model: DenseModel,
        settings: IndexSettings,
        store: Path,
        digest: Digests,
        note: Callable[[str], None],
    ) -> None:
        self._encoders = encoders(model, settings, digest)
        if model.has_query_model:
            _check_sizes(model, self._encoders)
        self._stores: dict[Kind, VectorStore] = {
            kind: VectorStore(store / encoder.identity(kind), note)
            for kind, encoder in self._encoders.items()
        }
        self.stats: dict[str, Any] = {
            "model": model.documents.model,
            "dtype": self._encoders["document"].dtype,
            "encoded": 0,
            "reused": 0,
        }

    def vectors(self, table: pa.Table, kind: Kind, progress: Progress) -> NDArray[np.float32]:
        texts = table["text"].to_pylist()
        vectors, encoded = self._stores[kind].encode(
            texts, self._encoders[kind].work(kind, progress.note), progress.advance
        )
        self.stats["encoded"] += encoded
        self.stats["reused"] += len(texts) - encoded
        self.stats["dimensions"] = vectors.shape[1]
        return vectors


def _check_sizes(model: DenseModel, both: dict[Kind, Encoder]) -> None:
    """Raise SettingsError, before hours of encoding, for vectors of queries and documents that do not fit."""
    documents, queries = both["document"].size("document"), both["query"].size("query")
    if documents != queries:
        raise SettingsError(
            f"--query-model {model.queries.model} gives vectors of {queries} dimensions, --model "
            f"{model.documents.model} of {documents}. Name two encoders that were trained for each other."
        )


class _Given:
    """Vectors that the user brought, in the row order of the source files."""

    def __init__(self, settings: IndexSettings) -> None:
        assert settings.document_vectors is not None
        assert settings.query_vectors is not None
        self._named = given_vectors(settings)
        self._arrays = {kind: _open_given(path) for kind, (_, path) in self._named.items()}
        widths = {kind: array.shape[1] for kind, array in self._arrays.items()}
        if widths["document"] != widths["query"]:
            raise InputError(
                f"--document-vectors {settings.document_vectors} have {widths['document']} dimensions, "
                f"--query-vectors {settings.query_vectors} {widths['query']}. Bring those of one model."
            )
        self.stats: dict[str, Any] = {"model": "given vectors", "dimensions": widths["query"]}

    def vectors(self, table: pa.Table, kind: Kind, progress: Progress) -> NDArray[np.float32]:
        rows = frame(table)["source_row"].to_numpy()
        array, (theirs, path) = self._arrays[kind], self._named[kind]
        if len(rows) and rows.max() >= len(array):
            raise InputError(
                f"--{theirs}-vectors {path} has {len(array):,} rows, but the source has a row "
                f"{rows.max() + 1:,}. It needs one row per {theirs}, in the order of the source file."
            )
        progress.advance(len(rows))
        return normalised(
            array[rows], lambda row: f"--{theirs}-vectors {path}, row {rows[row] + 1}"
        )


def given_vectors(settings: IndexSettings) -> dict[str, tuple[str, Path]]:
    """Return by kind of the run what the user calls it, and the file; --direction d2q swaps them."""
    files = {"document": settings.document_vectors, "query": settings.query_vectors}
    kinds = list(files)
    theirs = kinds if settings.direction == "q2d" else kinds[::-1]
    named = ((kind, name, files[name]) for kind, name in zip(kinds, theirs, strict=True))
    return {kind: (name, path) for kind, name, path in named if path is not None}


def check_given(settings: IndexSettings, documents: int, queries: int) -> None:
    """Raise InputError unless the user's vectors have a row for every row of the source files."""
    counts = {"document": documents, "query": queries}
    for kind, (theirs, path) in given_vectors(settings).items():
        rows = counts[kind]
        if len(_open_given(path)) != rows:
            raise InputError(
                f"--{theirs}-vectors {path} has {len(_open_given(path)):,} rows, the source {rows:,}. "
                f"It needs one row per {theirs}, in the order of the source file."
            )


def _open_given(path: Path) -> NDArray[Any]:
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
