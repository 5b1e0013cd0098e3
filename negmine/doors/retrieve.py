"""Doors of room 2: open a retriever, search part by part, bring the runs together."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from negmine.engine import Parts
from negmine.house import House
from negmine.models import dense_name
from negmine.retrievers import Retriever
from negmine.retrievers.registry import checked_search, open_retriever
from negmine.rooms import retrieve


def run(house: House, spec: str) -> Parts:
    """The run of one retriever."""
    opened = _opener(house)
    k = house.settings.retrieve.k

    def make(part: int) -> pa.Table:
        queries, known = house.queries(part), house.known(part)
        documents = len(house.doc_ids)
        depth = min(depth_of(house, part), documents)
        hits = checked_search(opened(spec), spec, queries.to_arrow(), depth, documents)
        return retrieve.run(retrieve.found(hits, queries["query_id"], house.doc_ids), known, k)

    return Parts(house.query_parts, make)


def depth_of(house: House, part: int) -> int:
    """Return how deep to search so that k hits remain for every query of a part."""
    settings = house.settings
    return retrieve.depth(house.qrels(part), settings.index.min_relevance, settings.retrieve.k)


def candidates(house: House) -> Parts:
    """The union of all runs and positives, with every retriever's score for every row."""
    opened = _opener(house)
    min_relevance = house.settings.index.min_relevance

    def make(part: int) -> pa.Table:
        queries = house.queries(part)
        runs = {
            name: house.work.read(f"2-retrieve/{name_of(house, name)}", part)
            for name in house.retrievers
        }
        rows = retrieve.candidates(
            retrieve.as_frame(runs), house.qrels(part), queries, min_relevance
        )
        docs = house.positions(rows["doc_id"])
        asked = rows["row"].cast(pl.Int64).to_numpy()
        for spec, name in zip(house.settings.index.retriever, house.retrievers, strict=True):
            score = getattr(opened(spec), "score_pairs", None)
            if score is not None:
                rows = _filled(
                    rows, f"{name}_score", partial(score, queries.to_arrow()), asked, docs
                )
        return retrieve.candidates_table(rows, house.retrievers)

    return Parts(house.query_parts, make)


def _filled(
    rows: pl.DataFrame, column: str, score: Callable[..., Any], asked: Any, docs: Any
) -> pl.DataFrame:
    """Score the pairs that this retriever did not find; those it found have the very score."""
    lacking = rows[column].is_null().to_numpy()
    values = np.array(rows[column].fill_null(np.nan), np.float32)
    values[lacking] = score(asked[lacking], docs[lacking])
    return rows.with_columns(pl.Series(column, values))


def name_of(house: House, retriever: str) -> str:
    """Return the folder of a retriever's run: `dense` is filed under its model."""
    return dense_name(house.settings.index) if retriever == "dense" else retriever


def count_candidates(rows: pl.LazyFrame) -> dict[str, object]:
    """Return the manifest's counts: rows by label, and positives that no retriever found."""
    missed = pl.col("rank").is_null().sum().alias("positives_not_found")
    labels = rows.group_by("label").agg(pl.len(), missed).collect(engine="streaming")
    counts = dict(zip(labels["label"], labels["len"], strict=True))
    return {"labels": counts, "positives_not_found": int(labels["positives_not_found"].sum())}


def _opener(house: House) -> Callable[[str], Retriever]:
    """Open each retriever once, when it is first needed."""
    return cache(lambda spec: open_retriever(spec, house))
