"""Tasks of stage 2: bring the runs of all retrievers together as candidates."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from negmine.config.fusion import UNION, fusion_of
from negmine.engine.context import Context
from negmine.engine.tasks import MODEL, TASK, Parts, once
from negmine.retrievers.registry import type_of, types
from negmine.stages.retrieve import compute


def candidates(context: Context) -> Parts:
    """The hits that `--candidates` chooses and all positives, with every retriever's score for every row."""
    config, fusion = context.config, fusion_of(context.config)
    kinds = {one.name: type_of(one, config) for one in config.retrievers}
    opened = {name: once(partial(kind.open, context)) for name, kind in kinds.items()}
    min_relevance = config.index.min_relevance

    def make(part: int) -> pa.Table:
        queries = context.queries.mined(part)
        runs = {name: context.work.read(kind.run(config), part) for name, kind in kinds.items()}
        qrels = context.queries.qrels(part)
        rows = compute.candidates(runs, qrels, queries, min_relevance, fusion)
        docs = context.corpus.positions(rows["doc_id"])
        query_rows = rows["row"].cast(pl.Int64).to_numpy()
        for name, get in opened.items():
            retriever = get()
            if getattr(retriever, "can_score", True):
                score = partial(retriever.score_pairs, queries.to_arrow())
                rows = _filled(rows, f"{name}_score", score, query_rows, docs)
        return compute.candidates_table(rows, list(kinds))

    has_own = any(one.is_own for one in config.retrievers)
    place = MODEL if has_own else TASK
    return Parts(context.queries.parts(), make, threads=not has_own, place=place)


def _filled(
    rows: pl.DataFrame, column: str, score: Callable[..., Any], query_rows: Any, docs: Any
) -> pl.DataFrame:
    """Score the pairs that this retriever did not find; those it found have the same score already.

    A score that is NaN is none: the retriever cannot tell.
    """
    lacking = rows[column].is_null().to_numpy()
    values = np.array(rows[column].fill_null(np.nan), np.float32)
    values[lacking] = score(query_rows[lacking], docs[lacking])
    return rows.with_columns(pl.Series(column, values).fill_nan(None))


def count_candidates(context: Context, rows: pl.LazyFrame) -> dict[str, object]:
    """Return the manifest's counts: rows by label, positives without a place in the fused list, hits left out.

    hits_left_out: by retriever, how many of its hits `--candidates` leaves out; none where that is the union.
    """
    config = context.config
    runs = {f"{kind.name}_rank": kind for kind in types(config)}
    missed = pl.col("rank").is_null().sum().alias("positives_not_found")
    hits = [pl.col(column).count() for column in runs]
    labels = rows.group_by("label").agg(pl.len(), missed, *hits).collect(engine="streaming")
    counts: dict[str, object] = {
        "labels": dict(zip(labels["label"], labels["len"], strict=True)),
        "positives_not_found": int(labels["positives_not_found"].sum()),
    }
    if fusion_of(config).candidates != UNION:
        counts["hits_left_out"] = {
            kind.name: context.work.require(kind.run(config)).rows - int(labels[column].sum())
            for column, kind in runs.items()
        }
    return counts
