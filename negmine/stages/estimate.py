"""`mine --dry-run`: which artifacts a run would make, about how long it takes, and how much space.

Rows are upper limits. Seconds are rough: rates of a machine with two cores, but for encoding, which is timed
on a few documents of the data itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from negmine.data.sources import open_sources
from negmine.data.sources.problems import Problems
from negmine.engine.context import Context
from negmine.engine.status import FRESH, survey
from negmine.models.encoder import Encoder
from negmine.retrievers.dense import given
from negmine.retrievers.registry import type_of
from negmine.stages.embedding_cost import embedding_cost
from negmine.stages.plan import make_plan
from negmine.storage.layout import CORPUS, QUERIES, stage_of

SAMPLE = 64  # documents that are encoded to see how fast that is
ROWS_A_SECOND = {
    "index": 5_000,
    "retrieve": 200_000,
    "rerank": 50,
    "filter": 300_000,
    "write": 50_000,
}
BYTES_A_ROW = {"index": 600, "retrieve": 40, "rerank": 20, "filter": 40, "write": 600}
PRODUCTS_A_SECOND = 20e9  # of an exact search
UNSEEN = 3_072  # dimensions of an endpoint's vectors, before any was sent: a large model's
TEXTS_A_SECOND = 200.0  # of an endpoint; nothing is sent to find out


@dataclass(frozen=True)
class Size:
    """How much there is: documents, queries, dimensions of vectors; texts that are encoded in a second."""

    documents: int
    queries: int
    dimensions: int = 0
    texts_a_second: float = 0.0


def estimate(context: Context) -> dict[str, Any]:
    """Return documents, queries, and a row for each artifact: state, rows, seconds, megabytes.

    embedding: what would be sent to --model-url, None where nothing would. Makes and sends nothing. Raises
    InputError for sources that cannot be read.
    """
    plan = make_plan(context)
    states = survey(context, plan, strict=())
    made = {one.artifact.name for one in states if one.state == FRESH}
    is_indexed, encodes = {CORPUS, QUERIES} <= made, _vectors(context) not in made
    size = _size(context, is_indexed, encodes)
    asks = encodes and context.config.index.model_url is not None
    rows = [
        {
            "artifact": one.artifact.name,
            "state": one.state,
            "outcome": "kept" if one.artifact.name in made else "made",
            **_costs(context, one.artifact.name, size, one.artifact.name in made),
        }
        for one in states
    ]
    return {
        "documents": size.documents,
        "queries": size.queries,
        "seconds": round(sum(row["seconds"] for row in rows)),
        "megabytes": round(sum(row["megabytes"] for row in rows)),
        "artifacts": rows,
        "embedding": embedding_cost(context, is_indexed) if asks else None,
    }


def _vectors(context: Context) -> str | None:
    chosen = context.config.vector_retriever
    return None if chosen is None else type_of(chosen.spec).indexes(context)[0]


def _size(context: Context, is_indexed: bool, encodes: bool) -> Size:
    """Count the data: in the tables where those of this data are made, else in the sources."""
    if is_indexed:
        documents, asked = (context.work.require(name).rows for name in (CORPUS, QUERIES))
    else:
        sources, problems = open_sources(context.config.index), Problems(skip=True)
        documents = sum(table.num_rows for table in sources.corpus(problems))
        asked = sum(table.num_rows for table in sources.queries(problems))
    if context.config.index.document_vectors is not None:
        return Size(documents, asked, given.width(context.config.index, "document"))
    if _vectors(context) is None or not encodes:
        return Size(documents, asked)
    if context.config.index.model_url is not None:
        return Size(documents, asked, UNSEEN, TEXTS_A_SECOND)
    return Size(documents, asked, *_timed(context))


def _timed(context: Context) -> tuple[int, float]:
    """Encode a few documents; return the dimensions of a vector, and texts a second."""
    texts = list(islice(_texts(context), SAMPLE))
    encoder = Encoder(context.config.index, context.work.digest)
    encoder.encode(texts[:1], "document")  # loads the model
    start = time.perf_counter()
    vectors = encoder.encode(texts, "document")
    return vectors.shape[1], len(texts) / max(time.perf_counter() - start, 1e-6)


def _texts(context: Context) -> Iterator[str]:
    for table in open_sources(context.config.index).corpus(Problems(skip=True)):
        yield from filter(str.strip, table["text"].to_pylist())


def _costs(context: Context, name: str, size: Size, is_made: bool) -> dict[str, Any]:
    """Return rows, seconds and megabytes of an artifact; zero where it is kept."""
    if is_made:
        manifest = context.work.manifest(name)
        return {"rows": manifest.rows if manifest else 0, "seconds": 0.0, "megabytes": 0.0}
    config, stage = context.config, stage_of(name)
    pairs = size.queries * config.retrieve.k * len(config.retrievers)
    rows = {
        "index": size.queries if name == QUERIES else size.documents,
        "write": size.queries * config.write.num_negatives,
    }.get(stage, pairs)
    seconds, size_bytes = rows / ROWS_A_SECOND[stage], float(rows * BYTES_A_ROW[stage])
    if name == _vectors(context):
        texts = size.documents + size.queries
        seconds = texts / size.texts_a_second if size.texts_a_second else seconds
        size_bytes = texts * size.dimensions * 4.0 * (2 if size.texts_a_second else 1)
    elif config.vector_retriever and name == type_of(config.vector_retriever.spec).run(config):
        seconds += size.documents * size.queries * size.dimensions / PRODUCTS_A_SECOND
    return {"rows": rows, "seconds": round(seconds, 1), "megabytes": round(size_bytes / 1e6, 1)}


def free_megabytes(folder: Path) -> float:
    """Return how much space is free where a work directory is, or would be."""
    import shutil

    there = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    return round(shutil.disk_usage(there).free / 1e6)
