"""Task of `contaminated`: which queries and documents of the run also stand in evaluation sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.data.frames import table
from negmine.data.schemas import CONTAMINATED
from negmine.engine.context import Context
from negmine.engine.tasks import Stream
from negmine.retrievers.registry import type_of
from negmine.stages.filter.contamination.evaluation import DOCUMENT, QUERY, open_sets
from negmine.stages.filter.contamination.measure import Measurement, whole_run

ROWS = 100_000  # of a part
HOW = ("eval_documents", "eval_test", "eval_ngrams", "eval_span", "eval_similarity")


def shaping(context: Context) -> dict[str, Any]:
    """Return what shapes the rows: the evaluation files' digests, whatever their paths, and the tests."""
    rules, digest = context.config.filter, context.work.digest_of
    sets = open_sets(rules.decontaminate, rules, context.config.index, context.work.remote)
    values = rules.model_dump(mode="json", include=set(HOW))
    return {"evaluation": [one.digest(digest) for one in sets], **values}


def indexes(context: Context) -> tuple[str, ...]:
    """Return the artifact of the vectors that are compared, if there is one."""
    config = context.config
    chosen = config.vector_retriever
    if chosen is None or chosen.spec != "dense" or "vectors" not in config.filter.eval_test:
        return ()
    return type_of(chosen, config).indexes(context)


def contaminated(context: Context) -> Stream:
    """A row for every text of the run, evaluation set and test that fires."""
    rules = context.config.filter
    sets = open_sets(rules.decontaminate, rules, context.config.index, context.work.remote)
    measured = Measurement(context, sets)

    def tables() -> Iterator[pa.Table]:
        documents = len(context.corpus)
        context.progress.total(documents + sum(context.work.queries_per_part()), "texts")
        waiting: list[pl.DataFrame] = []
        for rows in measured.matches(lambda: whole_run(context)):
            waiting.append(rows)
            if sum(one.height for one in waiting) >= ROWS:
                yield table(pl.concat(waiting), CONTAMINATED)
                waiting = []
        if waiting:
            yield table(pl.concat(waiting), CONTAMINATED)

    return Stream(tables(), lambda: {"sets": set_counts(measured)})


def set_counts(measured: Measurement) -> list[dict[str, Any]]:
    """Return name, split, queries, documents of each set, and how many of these stand in training texts."""
    return [
        {
            "name": one.name,
            "split": one.split,
            "queries": measured.sizes.get((number, QUERY), 0),
            "documents": measured.sizes.get((number, DOCUMENT), 0),
            "queries_appearing": measured.appearing.get((number, QUERY), 0),
            "documents_appearing": measured.appearing.get((number, DOCUMENT), 0),
            "vectors": one.name in measured.with_vectors,
        }
        for number, one in enumerate(measured.sets)
    ]
