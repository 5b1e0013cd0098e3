"""Tasks of stage 2: bring the runs of all retrievers together as candidates."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from negmine.engine.context import Context
from negmine.engine.tasks import Parts, once
from negmine.retrievers.registry import type_of
from negmine.stages.retrieve import compute


def candidates(context: Context) -> Parts:
    """The union of all runs and positives, with every retriever's score for every row."""
    config = context.config
    kinds = {one.name: type_of(one, config) for one in config.retrievers}
    opened = {name: once(partial(kind.open, context)) for name, kind in kinds.items()}
    min_relevance = config.index.min_relevance

    def make(part: int) -> pa.Table:
        queries = context.queries.mined(part)
        runs = {name: context.work.read(kind.run(config), part) for name, kind in kinds.items()}
        rows = compute.candidates(runs, context.queries.qrels(part), queries, min_relevance)
        docs = context.corpus.positions(rows["doc_id"])
        query_rows = rows["row"].cast(pl.Int64).to_numpy()
        for name, get in opened.items():
            retriever = get()
            if getattr(retriever, "can_score", True):
                score = partial(retriever.score_pairs, queries.to_arrow())
                rows = _filled(rows, f"{name}_score", score, query_rows, docs)
        return compute.candidates_table(rows, list(kinds))

    return Parts(
        context.queries.parts(), make, threads=not any(o.is_own for o in config.retrievers)
    )


def _filled(
    rows: pl.DataFrame, column: str, score: Callable[..., Any], query_rows: Any, docs: Any
) -> pl.DataFrame:
    """Score the pairs that this retriever did not find; those it found have the same score already."""
    lacking = rows[column].is_null().to_numpy()
    values = np.array(rows[column].fill_null(np.nan), np.float32)
    values[lacking] = score(query_rows[lacking], docs[lacking])
    return rows.with_columns(pl.Series(column, values))


def count_candidates(rows: pl.LazyFrame) -> dict[str, object]:
    """Return the manifest's counts: rows by label, and positives that no retriever found."""
    missed = pl.col("rank").is_null().sum().alias("positives_not_found")
    labels = rows.group_by("label").agg(pl.len(), missed).collect(engine="streaming")
    counts = dict(zip(labels["label"], labels["len"], strict=True))
    return {"labels": counts, "positives_not_found": int(labels["positives_not_found"].sum())}
