"""Kept candidates that a person can read, and any that hypothesis thinks of."""

import numpy as np
import polars as pl
from hypothesis import strategies as st

from negmine.config.sampling import SETTINGS
from negmine.config.settings import WriteSettings
from negmine.stages.write.sampling.base import Selection, Vectors
from negmine.stages.write.selection import placed

RETRIEVERS = ("bm25", "dense")
SCHEMA = {
    "query_id": pl.String, "doc_id": pl.String, "label": pl.String, "rank": pl.Int32,
    "score": pl.Float32, "bm25_rank": pl.Int32, "bm25_score": pl.Float32, "dense_rank": pl.Int32,
    "dense_score": pl.Float32, "positive_score": pl.Float32, "kept": pl.Boolean, "reason": pl.String,
}  # fmt: skip


def rows(scores, anchor=1.0, query="q", **columns):
    """Return kept candidates d00, d01 ... of one query in rank order, with these scores of `dense`."""
    count = len(scores)
    ranks = list(range(1, count + 1))
    frame = pl.DataFrame(
        {
            "query_id": [query] * count, "doc_id": [f"d{n:02d}" for n in range(count)],
            "label": ["unlabeled"] * count, "rank": ranks, "score": [1 / (60 + n) for n in ranks],
            "bm25_rank": ranks, "bm25_score": [1.0] * count, "dense_rank": ranks,
            "dense_score": scores, "positive_score": [anchor] * count, "kept": [True] * count,
            "reason": [None] * count, **columns,
        },
        schema=SCHEMA,
    )  # fmt: skip
    return frame


def how(vectors=None, cutoffs=None, **settings):
    """Return a selection whose thresholds read the score of `dense`. vectors: doc_id to a unit vector."""
    given = None if vectors is None else (lambda: _opened(vectors))
    write = WriteSettings(**settings)
    return Selection(write, False, "dense", RETRIEVERS, "dense", vectors=given, cutoffs=cutoffs)


def _opened(vectors):
    numbers = {name: place for place, name in enumerate(vectors)}
    return Vectors(
        np.array(list(vectors.values()), np.float32),
        lambda doc_ids: np.array([numbers[name] for name in doc_ids], np.int64),
    )


def order(data, vectors=None, **settings):
    """Return the doc_ids in the order in which a query takes them."""
    return (
        placed(data, how(vectors, **settings))
        .sort("place", maintain_order=True)["doc_id"]
        .to_list()
    )


SCORES = st.one_of(st.none(), st.sampled_from([0.1, 0.2, 0.3]), st.floats(-1, 1, width=32))
DOCUMENTS = [f"d{n}" for n in range(9)]
VECTORS = {
    name: np.array([np.cos(angle), np.sin(angle)])
    for name, angle in zip(DOCUMENTS, range(9), strict=True)
}


@st.composite
def verdicts(draw):
    """Draw verdicts of up to four queries over up to nine documents, with positives among them."""
    parts = []
    for number in range(draw(st.integers(1, 4))):
        documents = draw(st.permutations(DOCUMENTS))[: draw(st.integers(2, 9))]
        count = len(documents)
        positives = draw(st.integers(1, min(2, count - 1)))
        is_positive = [place < positives for place in range(count)]
        kept = [not p and draw(st.booleans()) for p in is_positive]
        own = [None if draw(st.booleans()) else rank for rank in range(1, count + 1)]
        scores = draw(st.lists(SCORES, min_size=count, max_size=count))
        data = rows(
            scores, draw(st.sampled_from([0.4, 0.9, -0.2])), f"q{number}", doc_id=documents,
            label=["positive" if p else "unlabeled" for p in is_positive], kept=kept,
            bm25_rank=own, reason=[None if k else "too_risky" for k in kept],
        )  # fmt: skip
        parts.append(data)
    return pl.concat(parts)


SAMPLINGS = st.sampled_from(list(SETTINGS))
