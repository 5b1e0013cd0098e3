"""Doors of room 2: open a retriever, search part by part, bring the runs together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.engine.tasks import Parts, once
from negmine.retrievers.registry import RETRIEVERS, checked_search, open_retriever
from negmine.stages.context import House
from negmine.stages.retrieve import compute as retrieve


def run(house: House, spec: str) -> Parts:
    """The run of one retriever."""
    opened, one_at_a_time = once(lambda: open_retriever(spec, house)), Lock()
    k = house.settings.retrieve.k

    def search(queries: pl.DataFrame, enough: NDArray[np.int64]) -> pl.DataFrame:
        documents = len(house.doc_ids)
        depth = min(int(enough.max()), documents)
        with one_at_a_time:  # a search takes all cores; what is made of it does not
            hits = checked_search(opened(), spec, queries.to_arrow(), depth, documents)
        own = spec in RETRIEVERS  # whose hits are in order
        return retrieve.found(
            hits, queries["query_id"], house.doc_ids, enough if own else None, queries["row"]
        )

    def make(part: int) -> pa.Table:
        queries, known = house.queries(part).with_row_index("row"), house.known(part)
        groups = retrieve.by_depth(queries, known, k)
        found = pl.concat([retrieve.NOTHING, *(search(*group) for group in groups)])
        return retrieve.run(retrieve.in_order(found, spec in RETRIEVERS), known, k)

    return Parts(house.query_parts, make, threads=spec in RETRIEVERS)


def candidates(house: House) -> Parts:
    """The union of all runs and positives, with every retriever's score for every row."""
    opened = {
        spec: once(partial(open_retriever, spec, house)) for spec in house.settings.index.retriever
    }
    own = set(house.settings.index.retriever) <= RETRIEVERS.keys()
    min_relevance = house.settings.index.min_relevance

    def make(part: int) -> pa.Table:
        queries = house.queries(part)
        runs = {name: house.work.read(house.run_of(name), part) for name in house.retrievers}
        rows = retrieve.candidates(runs, house.qrels(part), queries, min_relevance)
        docs = house.positions(rows["doc_id"])
        asked = rows["row"].cast(pl.Int64).to_numpy()
        for spec, name in zip(house.settings.index.retriever, house.retrievers, strict=True):
            score = getattr(opened[spec](), "score_pairs", None)
            if score is not None:
                rows = _filled(
                    rows, f"{name}_score", partial(score, queries.to_arrow()), asked, docs
                )
        return retrieve.candidates_table(rows, house.retrievers)

    return Parts(house.query_parts, make, threads=own)


def _filled(
    rows: pl.DataFrame, column: str, score: Callable[..., Any], asked: Any, docs: Any
) -> pl.DataFrame:
    """Score the pairs that this retriever did not find; those it found have the very score."""
    lacking = rows[column].is_null().to_numpy()
    values = np.array(rows[column].fill_null(np.nan), np.float32)
    values[lacking] = score(asked[lacking], docs[lacking])
    return rows.with_columns(pl.Series(column, values))


def count_candidates(rows: pl.LazyFrame) -> dict[str, object]:
    """Return the manifest's counts: rows by label, and positives that no retriever found."""
    missed = pl.col("rank").is_null().sum().alias("positives_not_found")
    labels = rows.group_by("label").agg(pl.len(), missed).collect(engine="streaming")
    counts = dict(zip(labels["label"], labels["len"], strict=True))
    return {"labels": counts, "positives_not_found": int(labels["positives_not_found"].sum())}
