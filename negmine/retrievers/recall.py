"""What an approximate index misses of exact search, measured on a sample of queries; the gate --min-recall."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.frames import table
from negmine.data.schemas import RECALL
from negmine.engine.context import Context
from negmine.errors import GateNotMet
from negmine.retrievers.base import Hits

SEED = 13


def sample(query_ids: pl.Series, most: int) -> pl.DataFrame:
    """Return up to `most` queries, in order: query_id."""
    count = len(query_ids)
    chosen = np.random.default_rng(SEED).choice(count, min(most, count), replace=False)
    return pl.DataFrame({"query_id": query_ids.gather(np.sort(chosen))})


def rows(queries: pl.DataFrame, right: Hits, proposed: Hits, documents: int) -> pa.Table:
    """Return how many of a query's right hits are proposed: rows of RECALL.

    right, proposed: what exact search and the index find for these queries, among so many documents.
    """
    first: NDArray[np.int64] = np.arange(len(right.docs))[:, None] * (documents + 1)
    hit = np.isin(right.docs + first, proposed.docs + first) & (right.docs >= 0)
    counts = {"found": hit.sum(axis=1), "wanted": (right.docs >= 0).sum(axis=1)}
    return table(queries.with_columns(**{n: pl.Series(v) for n, v in counts.items()}), RECALL)


def count(measured: pl.LazyFrame) -> dict[str, Any]:
    """Return the manifest's stats: recall, found over wanted, and of how many queries."""
    counts = measured.select(pl.col("found").sum() / pl.col("wanted").sum(), queries=pl.len())
    found = counts.collect()
    return {"recall": found["found"].item(), "queries": found["queries"].item()}


def check(context: Context, artifact: str, index: str, remedy: str) -> None:
    """Report how much an index finds of what exact search finds; raise GateNotMet for too little.

    artifact: what was measured. index: the flag that names it. remedy: what to change, up to the gate.
    """
    k, least = context.config.retrieve.k, context.config.retrieve.min_recall
    measured = context.work.require(artifact).stats
    text = f"{index} finds {measured['recall']:.4f} of the {k} best documents of {measured['queries']} queries"
    if measured["recall"] >= least:
        context.progress.note(text)
        return
    raise GateNotMet(f"{text}, less than --min-recall {least}. {remedy}, or lower --min-recall.")
