"""`mine --dry-run`: which artifacts a run would make, about how long it takes, and how much space.

Rows are upper limits. Seconds are rough: rates of a machine with two cores, but for encoding, which is timed
on a few documents of the data itself.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from negmine.config.dense import DenseModel, dense_models
from negmine.data.sources import open_sources
from negmine.data.sources.problems import Problems
from negmine.engine.context import Context
from negmine.engine.status import FRESH, survey
from negmine.models.encoder import Encoder
from negmine.retrievers.dense import given
from negmine.retrievers.registry import type_of
from negmine.stages.early import check_columns, check_files
from negmine.stages.embedding_cost import embedding_cost
from negmine.stages.plan import make_plan
from negmine.storage.layout import CORPUS, QUERIES, stage_of

SAMPLE = 64  # documents that are encoded to see how fast that is
ROWS_A_SECOND = {
    "index": 5_000,
    "retrieve": 200_000,
    "generate": 1,
    "rerank": 50,
    "filter": 300_000,
    "write": 50_000,
}
BYTES_A_ROW = {
    "index": 600,
    "retrieve": 40,
    "generate": 600,
    "rerank": 20,
    "filter": 40,
    "write": 600,
}
PRODUCTS_A_SECOND = 20e9  # of an exact search
UNSEEN = 3_072  # dimensions of an endpoint's vectors, before any was sent: a large model's
TEXTS_A_SECOND = 200.0  # of an endpoint; nothing is sent to find out


@dataclass(frozen=True)
class Size:
    """How much there is: documents and queries; vectors, by the artifact of each retriever that has them."""

    documents: int
    queries: int
    vectors: Mapping[str, Vectors] = field(default_factory=dict)


class Vectors(NamedTuple):
    """What vectors cost: their dimensions; how many texts are encoded in a second, 0 for brought ones."""

    dimensions: int
    texts_a_second: float = 0.0


def estimate(context: Context) -> dict[str, Any]:
    """Return documents, queries, and a row for each artifact: state, rows, seconds, megabytes.

    embedding: what would be sent to --model-url, None where nothing would. Makes and sends nothing. Raises
    InputError for sources that cannot be read, and for files beside them that do not fit.
    """
    plan = make_plan(context)
    states = survey(context, plan, strict=())
    made = {one.artifact.name for one in states if one.state == FRESH}
    is_indexed = {CORPUS, QUERIES} <= made
    check_columns(context)
    size = _size(context, is_indexed, made)
    at_endpoint = context.config.index.model_url is not None
    asked = [model for name, _, model in _with_vectors(context) if at_endpoint and name not in made]
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
        "embedding": embedding_cost(context, asked, is_indexed) if asked else None,
    }


def _with_vectors(context: Context) -> Iterator[tuple[str, str, DenseModel]]:
    """Yield the vectors' artifact, the run, and the model of each dense retriever."""
    config = context.config
    models = {one.name: one for one in dense_models(config.index)}
    for one in config.retrievers:
        if one.has_vectors:
            kind = type_of(one, config)
            yield kind.indexes(context)[0], kind.run(config), models[one.name]


def _size(context: Context, is_indexed: bool, made: Collection[str]) -> Size:
    """Count the data: in the tables where those of this data are made, else in the sources."""
    if is_indexed:
        documents, asked = (context.work.require(name).rows for name in (CORPUS, QUERIES))
    else:
        sources, problems = (
            open_sources(context.config.index, context.work.remote),
            Problems(skip=True),
        )
        documents = sum(table.num_rows for table in sources.corpus(problems))
        asked = sum(table.num_rows for table in sources.queries(problems))
    check_files(context, documents, asked, is_indexed)
    vectors = {
        name: _made(context, name) if name in made else _timed(context, model)
        for name, _, model in _with_vectors(context)
    }
    return Size(documents, asked, vectors)


def _made(context: Context, name: str) -> Vectors:
    return Vectors(context.work.require(name).stats.get("dimensions", 0))


def _timed(context: Context, model: DenseModel) -> Vectors:
    """Encode a few documents, unless their vectors are brought along, or come from an endpoint."""
    index = context.config.index
    if index.document_vectors is not None:
        return Vectors(given.width(index, "document", context.work.remote))
    if index.model_url is not None:
        return Vectors(model.documents.dimensions or UNSEEN, TEXTS_A_SECOND)
    texts = list(islice(_texts(context), SAMPLE))
    encoder = Encoder(model.documents, index, context.work.digest)
    encoder.encode(texts[:1], "document")  # loads the model
    start = time.perf_counter()
    vectors = encoder.encode(texts, "document")
    return Vectors(vectors.shape[1], len(texts) / max(time.perf_counter() - start, 1e-6))


def _texts(context: Context) -> Iterator[str]:
    for table in open_sources(context.config.index, context.work.remote).corpus(
        Problems(skip=True)
    ):
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
    depth = config.rerank.rerank_depth
    worked = min(rows, size.queries * (depth + 1)) if stage == "rerank" and depth else rows
    seconds, size_bytes = worked / ROWS_A_SECOND[stage], float(rows * BYTES_A_ROW[stage])
    searched = {run: vectors for vectors, run, _ in _with_vectors(context)}
    if name in size.vectors:
        texts, (dimensions, texts_a_second) = size.documents + size.queries, size.vectors[name]
        seconds = texts / texts_a_second if texts_a_second else seconds
        size_bytes = texts * dimensions * 4.0 * (2 if texts_a_second else 1)
    elif searched.get(name) in size.vectors:
        dimensions = size.vectors[searched[name]].dimensions
        seconds += size.documents * size.queries * dimensions / PRODUCTS_A_SECOND
    return {"rows": rows, "seconds": round(seconds, 1), "megabytes": round(size_bytes / 1e6, 1)}


def free_megabytes(folder: Path) -> float:
    """Return how much space is free where a work directory is, or would be."""
    import shutil

    there = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    return round(shutil.disk_usage(there).free / 1e6)
