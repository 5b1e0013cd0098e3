"""The dense retriever: vectors of documents and queries, encoded or brought along, searched exactly.

The index folder holds `documents.npy` and `queries.npy` (unit vectors, one row per document or query in
order), and `query_ids.parquet`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.encoders import Encoder, Kind, normalised
from negmine.errors import InputError
from negmine.identity import Digests
from negmine.models import resolve_device, short_name
from negmine.progress import Progress
from negmine.retrievers import Hits, exact
from negmine.settings import IndexSettings
from negmine.vectors import VectorStore

Tables = Callable[[], Iterator[pa.Table]]
_IDS = "query_ids.parquet"


def name(settings: IndexSettings) -> str:
    """Return the folder name: `dense-all-MiniLM-L6-v2`, or `dense-vectors` for given vectors."""
    if settings.document_vectors is not None:
        return "dense-vectors"
    return f"dense-{short_name(settings.model)}"


def identity(settings: IndexSettings, digest: Digests) -> dict[str, Any]:
    """Return what shapes the vectors, for the artifact's identity; a model counts by its files."""
    if settings.document_vectors is not None and settings.query_vectors is not None:
        given = [settings.query_vectors, settings.document_vectors]
        for path in given:
            _open_given(path)
        return {"vectors": [digest(path) for path in given], "vector_dtype": settings.vector_dtype}
    encoder = Encoder(settings, digest)
    return {
        "model": encoder.fingerprint,
        "dtype": encoder.dtype,
        "max_length": settings.max_length,
        "query_prompt": encoder.prompt("query"),
        "document_prompt": encoder.prompt("document"),
        "vector_dtype": settings.vector_dtype,
    }


def encoders(settings: IndexSettings, digest: Digests) -> list[str]:
    """Return the identities of the encoders whose vectors the index is made of; none for given vectors."""
    if settings.document_vectors is not None:
        return []
    encoder = Encoder(settings, digest)
    return [encoder.identity("document"), encoder.identity("query")]


def check_machine(settings: IndexSettings) -> None:
    """Find out before hours of encoding: raise MissingDependency without FAISS, SettingsError without a GPU."""
    if importlib.util.find_spec("faiss") is None:
        raise exact.no_faiss()
    if settings.document_vectors is None:
        for device in settings.encoder_devices or [settings.device]:
            if device != "auto":
                resolve_device(device)
    elif settings.one_device == "cuda":
        exact.check_gpu()


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
        else _Encoded(settings, store, digest)
    )
    kinds: tuple[tuple[Kind, Tables, str], ...] = (
        ("document", documents, "documents.npy"),
        ("query", queries, "queries.npy"),
    )
    for kind, tables, file in kinds:
        _write(folder / file, maker, kind, tables, counts[kind], settings.vector_dtype, progress)
    pl.DataFrame({"query_id": ids["query_id"]}).write_parquet(folder / _IDS)
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
    target: Any = None  # a numpy.memmap
    place = 0
    for table in tables():
        vectors = maker.vectors(table, kind, progress)
        if target is None:
            shape = (count, vectors.shape[1])
            target = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), shape)
        target[place : place + len(vectors)] = vectors
        place += len(vectors)
    if target is not None:
        target.flush()


class _Encoded:
    """Vectors out of a model, through the store."""

    def __init__(self, settings: IndexSettings, store: Path, digest: Digests) -> None:
        self._encoder = Encoder(settings, digest)
        self._stores: dict[Kind, VectorStore] = {
            kind: VectorStore(store / self._encoder.identity(kind))
            for kind in ("document", "query")
        }
        self.stats: dict[str, Any] = {
            "model": settings.model,
            "dtype": self._encoder.dtype,
            "encoded": 0,
            "reused": 0,
        }

    def vectors(self, table: pa.Table, kind: Kind, progress: Progress) -> NDArray[np.float32]:
        texts = table["text"].to_pylist()
        found, encoded = self._stores[kind].encode(
            texts, self._encoder.work(kind, progress.note), progress.advance
        )
        self.stats["encoded"] += encoded
        self.stats["reused"] += len(texts) - encoded
        self.stats["dimensions"] = found.shape[1]
        return found


class _Given:
    """Vectors that the user brought, in the row order of the source files."""

    def __init__(self, settings: IndexSettings) -> None:
        assert settings.document_vectors is not None
        assert settings.query_vectors is not None
        self._paths = {"document": settings.document_vectors, "query": settings.query_vectors}
        self._arrays = {kind: _open_given(path) for kind, path in self._paths.items()}
        widths = {kind: array.shape[1] for kind, array in self._arrays.items()}
        if widths["document"] != widths["query"]:
            raise InputError(
                f"--document-vectors have {widths['document']} dimensions, --query-vectors "
                f"{widths['query']}. Both must come from the same model."
            )
        self.stats: dict[str, Any] = {"model": "given vectors", "dimensions": widths["query"]}

    def vectors(self, table: pa.Table, kind: Kind, progress: Progress) -> NDArray[np.float32]:
        rows = table["source_row"].to_numpy()
        array, path = self._arrays[kind], self._paths[kind]
        if len(rows) and rows.max() >= len(array):
            raise InputError(
                f"--{kind}-vectors {path} has {len(array):,} rows, but the source has a row "
                f"{rows.max() + 1:,}. It needs one row per {kind}, in the order of the source file."
            )
        progress.advance(len(rows))
        return normalised(array[rows], lambda row: f"--{kind}-vectors {path}, row {rows[row] + 1}")


def check_given(settings: IndexSettings, documents: int, queries: int) -> None:
    """Raise InputError unless the user's vectors have a row for every row of the source files."""
    for kind, path, rows in (
        ("document", settings.document_vectors, documents),
        ("query", settings.query_vectors, queries),
    ):
        if path is not None and len(_open_given(path)) != rows:
            raise InputError(
                f"--{kind}-vectors {path} has {len(_open_given(path)):,} rows, the source {rows:,}. "
                f"It needs one row per {kind}, in the order of the source file."
            )


def _open_given(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist. Check the path.") from error
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            f"{path} is no .npy array of numbers. Write it with numpy.save, as float32."
        ) from error
    if array.ndim != 2 or array.dtype.kind != "f":
        raise InputError(
            f"{path} holds {array.dtype} of shape {array.shape}. It must be floats, one row per text."
        )
    return array


class Dense:
    """The finished index, memory-mapped."""

    name = "dense"

    def __init__(self, folder: Path, doc_order: NDArray[np.int64], device: str) -> None:
        self._documents: NDArray[Any] = np.load(folder / "documents.npy", mmap_mode="r")
        self._queries: NDArray[Any] = np.load(folder / "queries.npy", mmap_mode="r")
        self._ids = pl.read_parquet(folder / _IDS).with_row_index("place")
        self._doc_order, self._device = doc_order, device

    @cached_property
    def _find(self) -> exact.Knn:
        return exact.knn(self._device)

    def _vectors(self, query_ids: Any) -> NDArray[np.float32]:
        asked = pl.DataFrame({"query_id": query_ids})
        found = asked.join(self._ids, on="query_id", how="left", maintain_order="left")
        return np.asarray(self._queries[found["place"].to_numpy()], np.float32)

    def search(self, queries: pa.Table, k: int) -> Hits:
        """Return the best k documents of every query (see Retriever)."""
        vectors = self._vectors(queries["query_id"])
        return exact.search(vectors, self._documents, k, self._doc_order, self._find)

    def score_pairs(
        self, queries: pa.Table, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score pairs by cosine (see Retriever); the same numbers as `search` gives."""
        return exact.pair_scores(self._vectors(queries["query_id"]), self._documents, rows, docs)

    def query_similarity(self, left: pl.Series, right: pl.Series) -> NDArray[np.float32]:
        """Return the cosine of two queries' vectors, pair by pair, float32 [len(left)]."""
        names = pl.concat([left.alias("name"), right.alias("name")]).unique().to_frame()
        places = names.with_row_index("place").select("name", pl.col("place").cast(pl.Int64))
        rows, others = (
            ids.alias("name").to_frame().join(places, on="name", maintain_order="left")["place"]
            for ids in (left, right)
        )
        vectors = self._vectors(names["name"])
        return exact.pair_scores(vectors, vectors, rows.to_numpy(), others.to_numpy())

    @property
    def documents(self) -> NDArray[Any]:
        """The documents' unit vectors by position, memory-mapped: float32 or float16 [documents, dims]."""
        return self._documents


def open_index(folder: Path, doc_order: NDArray[np.int64], device: str = "auto") -> Dense:
    """Open what `build` wrote. `doc_order` breaks ties: the place of each doc_id among all sorted."""
    return Dense(folder, doc_order, device)
