"""The late retriever's index: the vectors of all tokens of documents and queries.

The index folder holds `documents.npy` and `queries.npy` [tokens, dimensions], text after text;
`document_offsets.npy` and `query_offsets.npy`, int64 [texts + 1]: where each text begins; `query_ids.parquet`;
and `positions.npy`, where only some documents are encoded.
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
from negmine.data.ragged import Ragged, heights, joined
from negmine.engine.progress import Progress
from negmine.models.encoder import Kind
from negmine.models.token_encoder import TokenEncoder
from negmine.storage.arrays import check_offsets, open_array
from negmine.storage.digests import Digests
from negmine.storage.files import growing_array, write_array, write_frame
from negmine.storage.vectors import VectorStore

Tables = Callable[[], Iterator[pa.Table]]
FLAG, IDS = "--late-model", "query_ids.parquet"
PLURALS: dict[Kind, str] = {"document": "documents", "query": "queries"}
FLOATS = (np.float16, np.float32)
AT_ONCE = 1024  # texts whose vectors are in memory together


def encoder_of(settings: IndexSettings, digest: Digests) -> TokenEncoder:
    """Return the encoder that --late-model names; it loads when it is first needed."""
    return TokenEncoder(settings, str(settings.late_model), digest, FLAG)


def identity(settings: IndexSettings, digest: Digests) -> dict[str, Any]:
    """Return what shapes the vectors, for the artifact's identity; the model counts by its files."""
    encoder = encoder_of(settings, digest)
    return {
        "model": encoder.fingerprint,
        "dtype": encoder.dtype,
        "late_vector_dtype": settings.late_vector_dtype,
    }


def encoders(settings: IndexSettings, digest: Digests) -> list[str]:
    """Return the identities under which the vectors are cached."""
    encoder = encoder_of(settings, digest)
    return [encoder.identity("document"), encoder.identity("query")]


def build(
    documents: Tables,
    queries: Tables,
    folder: Path,
    encoder: TokenEncoder,
    store: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Write the token vectors of all documents and queries into `folder`; return the manifest's stats.

    documents, queries: tables with text, and query_id of queries, streamed more than once. store: the folder of
    the vector cache, which has each text that is encoded within seconds.
    """
    ids = pa.concat_tables([table.select(["query_id"]) for table in queries()])
    counts = {"documents": sum(table.num_rows for table in documents()), "queries": ids.num_rows}
    progress.total(sum(counts.values()), "texts")
    stats: dict[str, Any] = {
        **counts, "model": encoder.name.removeprefix(f"{FLAG} "), "dtype": encoder.dtype,
        "vector_dtype": encoder.vector_dtype, "encoded": 0, "reused": 0,
    }  # fmt: skip
    given: dict[Kind, Tables] = {"document": documents, "query": queries}
    for kind, tables in given.items():
        writer = _Writer(kind, encoder, store, progress)
        lengths, width = writer.write(tables(), folder)
        stats["encoded"] += writer.encoded
        stats["reused"] += len(lengths) - writer.encoded
        stats[f"{kind}_tokens"] = int(lengths.sum())
        stats[f"{PLURALS[kind]}_without_tokens"] = int((lengths == 0).sum())
        stats["dimensions"] = width
    write_frame(folder / IDS, pl.DataFrame({"query_id": ids["query_id"]}))
    return stats


class _Writer:
    def __init__(self, kind: Kind, encoder: TokenEncoder, store: Path, progress: Progress) -> None:
        self._kind, self._progress = kind, progress
        self._store = VectorStore(store / encoder.identity(kind), progress.note)
        self._work = encoder.work(kind, progress.note)
        self.encoded = 0

    def write(self, tables: Iterator[pa.Table], folder: Path) -> tuple[NDArray[np.int64], int]:
        """Write vectors and offsets; return the number of tokens of each text, and the vectors' width."""
        lengths, width = [np.zeros(0, np.int64)], 0
        with growing_array(folder / f"{PLURALS[self._kind]}.npy") as add:
            for table in tables:
                for rows in self._encoded(table["text"].to_pylist()):
                    add(rows.values)
                    lengths.append(heights(rows))
                    width = rows.values.shape[1]
        every = np.concatenate(lengths)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(every)])
        write_array(folder / f"{self._kind}_offsets.npy", offsets)
        return every, width

    def _encoded(self, texts: list[str]) -> Iterator[Ragged]:
        self.encoded += self._store.fill(texts, self._work, self._progress.advance)
        held = self._store.held(texts)
        for first in range(0, len(texts), AT_ONCE):
            yield joined(held[first : first + AT_ONCE])


def open_tokens(folder: Path, kind: Kind, texts: int) -> Ragged:
    """Return the vectors of all documents or queries, memory-mapped. Raises CorruptArtifact."""
    values = open_array(folder / f"{PLURALS[kind]}.npy", FLOATS, (None, None))
    path = folder / f"{kind}_offsets.npy"
    offsets = open_array(path, np.int64, (texts + 1,), mapped=False)
    check_offsets(path, offsets, len(values))
    return Ragged(offsets, values)
