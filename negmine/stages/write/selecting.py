"""Open what a selection reads: of the settings in force, of the vectors, of the limit of reuse."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.config.settings import FilterSettings
from negmine.engine.context import Context
from negmine.engine.tasks import once
from negmine.retrievers.registry import open_vectors
from negmine.stages.write.sampling.base import Selection, Vectors
from negmine.stages.write.selection import judged_first
from negmine.storage.layout import REUSE
from negmine.storage.rounds import read_record, record_file


def selection_of(context: Context, rules: FilterSettings | None = None) -> Selection:
    """Return how negatives are selected, without a limit of reuse, which only a finished run has.

    rules: those in force, if they are not the configuration's.
    """
    config = context.config
    rules = config.filter if rules is None else rules
    with_vectors = config.vector_retriever
    return Selection(
        write=config.write,
        people_first=judged_first(rules),
        score=str(config.filter.score),
        retrievers=tuple(config.retriever_names),
        nearness="" if with_vectors is None else with_vectors.name,
        near_copy=rules.near_duplicate,
        vectors=once(partial(_vectors, context)),
        round=config.round,
        earlier=_earlier(context),
    )


def final_selection(context: Context) -> Selection:
    """Return how the negatives of a run are selected, the limit of reuse among it. Reads `5-write/reuse`."""
    selection = selection_of(context)
    if context.config.write.max_reuse is None:
        return selection
    return selection.with_cutoffs(context.work.scan(REUSE).collect())


def _earlier(context: Context) -> Callable[[pl.Series], pl.DataFrame] | None:
    """Return the reader of what the last round wrote, by query_id; None in round 1."""
    path = record_file(context.work, context.config.round - 1)
    return None if path is None else partial(read_record, path)


def _vectors(context: Context) -> Vectors:
    dense, corpus = open_vectors(context), context.corpus

    def rows(doc_ids: pl.Series) -> NDArray[np.int64]:
        return dense.rows(corpus.positions(doc_ids))

    return Vectors(dense.vectors, rows)
