"""The dense retriever's index: vectors of documents and queries, encoded or brought along.

The index folder holds `documents.npy` and `queries.npy` (one row per document or query in order; unit vectors
unless --similarity is dot), `query_ids.parquet`, and `document_keys.npy` and `query_keys.npy`: a hash of every
vector. `search.py` reads them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.config.dense import DenseModel
from negmine.config.settings import IndexSettings
from negmine.engine.progress import Progress
from negmine.models.api_encoder import ApiEncoder
from negmine.models.encoder import check_devices
from negmine.retrievers.dense import given, nearest
from negmine.retrievers.dense.brought import Brought
from negmine.retrievers.dense.encoded import Encoded, encoders
from negmine.retrievers.dense.int8 import INT8, make_int8
from negmine.retrievers.dense.rows import KINDS, Tables
from negmine.storage.digests import Digests
from negmine.storage.files import write_frame
from negmine.storage.layout import VECTORS
from negmine.storage.workdir import Workdir

IDS = "query_ids.parquet"


def identity(model: DenseModel, settings: IndexSettings, work: Workdir) -> dict[str, Any]:
    """Return what shapes the vectors, for the artifact's identity; a model counts by its files."""
    lengths = {} if settings.similarity == "cosine" else {"similarity": settings.similarity}
    if given.paths(settings):
        return {
            **given.shaping(settings, work), "vector_dtype": settings.vector_dtype, **lengths,
        }  # fmt: skip
    both = encoders(model, settings, work.digest)
    documents, wanted = both["document"], model.documents
    host = {"endpoint": documents.host} if isinstance(documents, ApiEncoder) else {}
    own = {"query_model": both["query"].fingerprint} if model.has_query_model else {}
    cut = {} if wanted.dimensions is None else {"dimensions": wanted.dimensions}
    return {
        "model": documents.fingerprint,
        **host,
        "dtype": documents.dtype,
        "max_length": wanted.max_length,
        "query_prompt": both["query"].prompt("query"),
        "document_prompt": documents.prompt("document"),
        "vector_dtype": settings.vector_dtype,
        **own,
        **cut,
        **lengths,
    }


def encoder_identities(model: DenseModel, settings: IndexSettings, digest: Digests) -> list[str]:
    """Return the identities of the encoders whose vectors the index is made of; none for given vectors."""
    if settings.document_vectors is not None:
        return []
    both = encoders(model, settings, digest)
    return [encoder.identity(kind) for kind, encoder in both.items()]


def check_machine(settings: IndexSettings) -> None:
    """Find out before hours of encoding: raise SettingsError without the GPU that is asked for."""
    if settings.document_vectors is None and settings.model_url is None:
        check_devices(settings)
    elif settings.one_device == "cuda":
        nearest.check_gpu()


def build(
    documents: Tables,
    queries: Tables,
    folder: Path,
    model: DenseModel,
    settings: IndexSettings,
    work: Workdir,
    progress: Progress,
) -> dict[str, Any]:
    """Write the vectors of all documents and queries into `folder`; return the manifest's stats.

    documents, queries: tables with doc_id or query_id, text, source_row, streamed more than once.
    work: has the vector store, and finds given vectors. Raises InputError for given vectors that do not fit.
    """
    ids = pa.concat_tables([table.select(["query_id"]) for table in queries()])
    counts = {"document": sum(t.num_rows for t in documents()), "query": ids.num_rows}
    progress.total(sum(counts.values()), "texts")
    maker = (
        Brought(settings, work)
        if settings.document_vectors is not None
        else Encoded(model, settings, work.cache(VECTORS), work.digest, progress)
    )
    for (kind, file), tables in zip(KINDS, (documents, queries), strict=True):
        maker.write(folder / file, kind, tables, counts[kind], progress)
        if kind == "document" and settings.vector_dtype == INT8:
            make_int8(folder / file)
    write_frame(folder / IDS, pl.DataFrame({"query_id": ids["query_id"]}))
    return {
        "documents": counts["document"], "queries": counts["query"], **maker.stats,
        "similarity": settings.similarity, "normalised": settings.similarity == "cosine",
        "norms": {kind: norms.range for kind, norms in maker.norms.items()},
    }  # fmt: skip
