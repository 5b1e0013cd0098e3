"""`mine --dry-run`: which artifacts a run would make, about how long it takes, and how much space.

Rows are upper limits. Seconds are rough: rates of a machine with two cores, but for encoding, which each
retriever with a model times on a few documents of the data itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from negmine.config.dense import DenseModel, dense_models
from negmine.data.sources import open_sources
from negmine.data.sources.problems import Problems
from negmine.engine.context import Context
from negmine.engine.status import FRESH, survey
from negmine.engine.tasks import once
from negmine.models.timing import SAMPLE
from negmine.retrievers.base import Amounts, Cost
from negmine.retrievers.registry import type_of, types
from negmine.stages.early import check_columns, check_files
from negmine.stages.embedding_cost import embedding_cost
from negmine.stages.plan import make_plan
from negmine.storage.layout import CORPUS, QUERIES, stage_of

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


@dataclass(frozen=True)
class Size:
    """How much there is: documents and queries; what artifacts cost of which retrievers know more (Cost)."""

    documents: int
    queries: int
    costs: Mapping[str, Cost] = field(default_factory=dict)


def estimate(context: Context) -> dict[str, Any]:
    """Return documents, queries, and a row for each artifact: state, rows, seconds, megabytes, texts, tokens.

    texts: that a model encodes at most. tokens: of late interaction, that get a vector each. embedding: what
    would be sent to --model-url, None where nothing would. Makes and sends nothing. Raises InputError for
    sources that cannot be read, and for files beside them that do not fit.
    """
    plan = make_plan(context)
    states = survey(context, plan, strict=())
    made = {one.artifact.name for one in states if one.state == FRESH}
    is_indexed = {CORPUS, QUERIES} <= made
    check_columns(context)
    size = _size(context, is_indexed, made)
    at_endpoint = context.config.index.model_url is not None
    asked = [model for name, model in _with_vectors(context) if at_endpoint and name not in made]
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


def _with_vectors(context: Context) -> Iterator[tuple[str, DenseModel]]:
    """Yield the vectors' artifact and the model of each dense retriever."""
    config = context.config
    models = {one.name: one for one in dense_models(config.index)}
    for one in config.retrievers:
        if one.has_vectors:
            yield type_of(one, config).indexes(context)[0], models[one.name]


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
    sample = once(lambda: list(islice(_texts(context), SAMPLE)))
    amounts = Amounts(documents, asked, made, sample)
    costs: dict[str, Cost] = {}
    for kind in types(context.config):
        if kind.costs is not None:
            costs |= kind.costs(context, amounts)
    return Size(documents, asked, costs)


def _texts(context: Context) -> Iterator[str]:
    for table in open_sources(context.config.index, context.work.remote).corpus(
        Problems(skip=True)
    ):
        yield from filter(str.strip, table["text"].to_pylist())


def _costs(context: Context, name: str, size: Size, is_made: bool) -> dict[str, Any]:
    """Return rows, seconds, megabytes, texts and tokens of an artifact; zero where it is kept."""
    if is_made:
        manifest = context.work.manifest(name)
        rows = manifest.rows if manifest else 0
        return {"rows": rows, "seconds": 0.0, "megabytes": 0.0, "texts": 0, "tokens": 0}
    config, stage = context.config, stage_of(name)
    pairs = size.queries * config.retrieve.k * len(config.retrievers)
    rows = {
        "index": size.queries if name == QUERIES else size.documents,
        "write": size.queries * config.write.num_negatives,
    }.get(stage, pairs)
    depth = config.rerank.rerank_depth
    worked = min(rows, size.queries * (depth + 1)) if stage == "rerank" and depth else rows
    cost = size.costs.get(name, Cost())
    seconds = worked / ROWS_A_SECOND[stage] if cost.seconds is None else cost.seconds
    size_bytes = rows * BYTES_A_ROW[stage] if cost.size is None else cost.size
    return {
        "rows": rows,
        "seconds": round(seconds + cost.more_seconds, 1),
        "megabytes": round(size_bytes / 1e6, 1),
        "texts": cost.texts,
        "tokens": cost.tokens,
    }


def free_megabytes(folder: Path) -> float:
    """Return how much space is free where a work directory is, or would be."""
    import shutil

    there = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    return round(shutil.disk_usage(there).free / 1e6)
