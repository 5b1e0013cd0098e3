"""The dense retriever's index: vectors of documents and queries, encoded or brought along.

The index folder holds `documents.npy` and `queries.npy` (one row per document or query in order; unit vectors
unless --similarity is dot), `query_ids.parquet`, and `document_keys.npy` and `query_keys.npy`: a hash of every
vector. `search.py` reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.settings import IndexSettings
from negmine.data.arrays import Floats
from negmine.data.sources.vector_files import has_ids
from negmine.engine.progress import Progress
from negmine.models.api_encoder import ApiEncoder
from negmine.models.encoder import Kind
from negmine.models.encoders import open_encoder
from negmine.models.locate import resolve_device
from negmine.models.norms import Norms
from negmine.retrievers.dense import given, nearest
from negmine.retrievers.dense.by_id import ById
from negmine.retrievers.dense.narrow import narrowed
from negmine.storage.digests import Digests
from negmine.storage.files import atomic_write, write_array, write_frame
from negmine.storage.npy import map_npy
from negmine.storage.vectors import VectorStore

Tables = Callable[[], Iterator[pa.Table]]
IDS, POSITIONS = "query_ids.parquet", "positions.npy"
AT_ONCE = 16_384  # vectors that are hashed together
KINDS: tuple[tuple[Kind, str], ...] = (("document", "documents.npy"), ("query", "queries.npy"))


def identity(settings: IndexSettings, digest: Digests) -> dict[str, Any]:
    """Return what shapes the vectors, for the artifact's identity; a model counts by its files."""
    lengths = {} if settings.similarity == "cosine" else {"similarity": settings.similarity}
    if given.paths(settings):
        return {
            **given.shaping(settings, digest), "vector_dtype": settings.vector_dtype, **lengths,
        }  # fmt: skip
    encoder = open_encoder(settings, digest)
    host = {"endpoint": encoder.host} if isinstance(encoder, ApiEncoder) else {}
    return {
        "model": encoder.fingerprint,
        **host,
        "dtype": encoder.dtype,
        "max_length": settings.max_length,
        "query_prompt": encoder.prompt("query"),
        "document_prompt": encoder.prompt("document"),
        "vector_dtype": settings.vector_dtype,
        **lengths,
    }


def encoders(settings: IndexSettings, digest: Digests) -> list[str]:
    """Return the identities of the encoders whose vectors the index is made of; none for given vectors."""
    if settings.document_vectors is not None:
        return []
    encoder = open_encoder(settings, digest)
    return [encoder.identity("document"), encoder.identity("query")]


def check_machine(settings: IndexSettings) -> None:
    """Find out before hours of encoding: raise SettingsError without the GPU that is asked for."""
    if settings.one_device != "cuda":
        return
    if settings.document_vectors is not None or settings.model_url is not None:
        nearest.check_gpu()
        return
    for device in settings.encoder_devices or [settings.device]:
        resolve_device(device)


def build(
    documents: Tables,
    queries: Tables,
    folder: Path,
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
        else _Encoded(settings, store, digest, progress)
    )
    for (kind, file), tables in zip(KINDS, (documents, queries), strict=True):
        maker.write(folder / file, kind, tables, counts[kind], progress)
    write_frame(folder / IDS, pl.DataFrame({"query_id": ids["query_id"]}))
    return {
        "documents": counts["document"], "queries": counts["query"], **maker.stats,
        "similarity": settings.similarity, "normalised": settings.similarity == "cosine",
        "norms": {kind: norms.range for kind, norms in maker.norms.items()},
    }  # fmt: skip


def _write(
    path: Path,
    kind: Kind,
    tables: Tables,
    count: int,
    dtype: str,
    vectors_of: Callable[[pa.Table], Floats],
) -> None:
    """Write the .npy array and the keys beside it; a stream, not a mapping that would fill memory."""
    keys = [np.empty((0, 2), np.uint64)]
    with atomic_write(path) as stream:
        for table in tables():
            single = vectors_of(table)
            vectors = narrowed(single, dtype, lambda row: f"the vector of a {kind}")
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
    """Vectors out of a model, through the store.

    norms: by kind, of what was encoded now; where lengths are kept, of all vectors.
    """

    def __init__(
        self, settings: IndexSettings, store: Path, digest: Digests, progress: Progress
    ) -> None:
        self._settings = settings
        self._encoder = open_encoder(settings, digest)
        self._stores: dict[Kind, VectorStore] = {
            kind: VectorStore(store / self._encoder.identity(kind), progress.note)
            for kind, _ in KINDS
        }
        self.norms = {kind: Norms(settings.similarity) for kind, _ in KINDS}
        self.stats: dict[str, Any] = {
            "model": settings.model,
            "dtype": self._encoder.dtype,
            "encoded": 0,
            "reused": 0,
        }
        if isinstance(
            self._encoder, ApiEncoder
        ):  # another model may answer to the same name tomorrow
            self.stats |= {"endpoint": self._encoder.host, "weights_hashed": False}
        if settings.similarity == "cosine" and self._encoder.own_similarity == "dot":
            progress.note(
                f"--model {settings.model} says that it was trained for inner products. The score is the "
                "cosine; --similarity dot keeps the lengths of its vectors"
            )

    def write(self, path: Path, kind: Kind, tables: Tables, count: int, progress: Progress) -> None:
        """Write the vectors of `count` rows of this kind."""
        self._encoder.norms = Norms(self._settings.similarity)

        def vectors_of(table: pa.Table) -> Floats:
            vectors = self._vectors(table, kind, progress)
            if self._settings.similarity == "dot":
                self._encoder.norms(vectors, lambda row: f"a stored vector of a {kind}")
            return vectors

        _write(path, kind, tables, count, self._settings.vector_dtype, vectors_of)
        self.norms[kind] = self._encoder.norms
        if isinstance(self._encoder, ApiEncoder):
            self.stats["tokens"] = self._encoder.budget.used

    def _vectors(self, table: pa.Table, kind: Kind, progress: Progress) -> Floats:
        texts = table["text"].to_pylist()
        vectors, encoded = self._stores[kind].encode(
            texts, self._encoder.work(kind, progress.note), progress.advance
        )
        self.stats["encoded"] += encoded
        self.stats["reused"] += len(texts) - encoded
        self.stats["dimensions"] = vectors.shape[1]
        return vectors


class _Given:
    """Vectors that the user brought: arrays in row order, or files with ids."""

    def __init__(self, settings: IndexSettings) -> None:
        self._settings, self._paths = settings, given.paths(settings)
        self._dims = given.check_widths(settings)
        self.norms = {kind: Norms(settings.similarity) for kind, _ in KINDS}
        self.stats: dict[str, Any] = {"model": "given vectors", "dimensions": self._dims}

    def write(self, path: Path, kind: Kind, tables: Tables, count: int, progress: Progress) -> None:
        """Write the vectors of `count` rows of this kind."""
        if has_ids(self._paths[kind]):
            self._write_by_id(path, kind, tables, progress)
            return
        rows = given.InRows(kind, self._paths[kind], self.norms[kind])

        def vectors_of(table: pa.Table) -> Floats:
            progress.advance(table.num_rows)
            return rows.vectors(table)

        _write(path, kind, tables, count, self._settings.vector_dtype, vectors_of)

    def _write_by_id(self, path: Path, kind: Kind, tables: Tables, progress: Progress) -> None:
        name = "doc_id" if kind == "document" else "query_id"
        ids = pl.Series(pa.chunked_array([table[name].combine_chunks() for table in tables()]))
        files = ById(kind, self._paths[kind], self._settings, self.norms[kind])
        self.stats[f"{kind}_vectors"] = files.write(path, ids, self._dims, progress)
        mapped = map_npy(path)
        keys = [
            vector_keys(np.asarray(mapped[start : start + AT_ONCE]))
            for start in range(0, len(mapped), AT_ONCE)
        ]
        write_array(path.with_name(f"{kind}_keys.npy"), np.concatenate(keys))
