"""Exact dense search over shards: rows are those of one shard, to the bit."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.retrievers.dense import nearest
from negmine.retrievers.dense.int8 import make_int8
from negmine.retrievers.dense.search import Dense
from negmine.retrievers.dense.shard import IdOrder
from negmine.retrievers.dense.vectors import IDS
from negmine.retrievers.scope import POSITIONS
from negmine.retrievers.shards import Span
from tests.properties import share

QUERIES, DIMS = 6, 8
KINDS = ["random", "tied", "close", "equal", "quantised"]


def vectors(rng, kind, count):
    """Return unit vectors, float32 [count, DIMS], of which many score alike, but for `random`."""
    rows = rng.standard_normal((count, DIMS))
    if kind == "tied":
        rows = rows[rng.integers(0, 5, count)] if count > 5 else rows
    elif kind == "close":
        rows = rows[:1] + rng.integers(0, 3, (count, DIMS)) * 1e-7
    elif kind == "equal":
        rows = np.ones((count, DIMS))
    elif kind == "quantised":
        rows = np.sign(rows)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def saved(folder, rng, kind, count, dtype):
    """Write what an index holds into a folder; return queries."""
    stored = vectors(rng, kind, count)
    np.save(folder / "documents.npy", stored.astype(np.float16) if dtype == "float16" else stored)
    if dtype == "int8":
        make_int8(folder / "documents.npy")
    np.save(folder / "queries.npy", vectors(rng, "random", QUERIES))
    names = pl.DataFrame({"query_id": [f"q{number}" for number in range(QUERIES)]})
    names.write_parquet(folder / IDS)
    return pa.table({"query_id": names["query_id"].to_arrow()})


def spans_at_random(rng, documents, count):
    """Return where `count` shards lie, some of them empty perhaps."""
    edges = [0, *np.sort(rng.integers(0, documents + 1, count - 1)).tolist(), documents]
    return [Span(edges[n], edges[n + 1] - edges[n], (n, n + 1)) for n in range(count)]


def opened(folder, spans, ids):
    def of_span(span):
        return ids[span.first : span.first + span.documents]

    return Dense("dense", folder, spans, of_span, nearest.on_cpu)


@share(0.5)
@given(
    st.sampled_from(KINDS),
    st.sampled_from(["float32", "float16", "int8"]),
    st.sampled_from([1, 2, 3, 7, 16]),
    st.sampled_from([1, 5, 100]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_rows_are_equal_whatever_the_number_of_shards(
    tmp_path_factory, kind, dtype, count, k, only_some, seed
):
    rng, folder = np.random.default_rng(seed), tmp_path_factory.mktemp("index")
    documents = int(rng.integers(1, 80))
    ids = pl.Series("doc_id", [f"d{number}" for number in rng.permutation(documents)])
    encoded = documents
    if only_some:
        chosen = np.flatnonzero(rng.random(documents) < 0.7)
        np.save(folder / POSITIONS, chosen)
        encoded = len(chosen)
    if not encoded:
        return
    asked = saved(folder, rng, kind, encoded, dtype)
    whole = opened(folder, [Span(0, documents, (0, 1))], ids)
    cut = opened(folder, spans_at_random(rng, documents, count), ids)
    expected, hits = whole.search(asked, k), cut.search(asked, k)
    width = expected.docs.shape[1]
    assert hits.docs[:, :width].tobytes() == expected.docs.tobytes()
    assert hits.scores[:, :width].tobytes() == expected.scores.tobytes()
    assert (hits.docs[:, width:] == -1).all()
    best = by_hand(whole, asked, ids, k)
    assert [[doc for doc in row if doc >= 0] for row in expected.docs.tolist()] == best


def by_hand(dense, asked, ids, k):
    """Return the best k documents of every query: every pair scored, sorted by (-score, doc_id)."""
    docs = dense.positions
    rows = np.repeat(np.arange(asked.num_rows), len(docs))
    scores = dense.score_pairs(asked, rows, np.tile(docs, asked.num_rows)).reshape(-1, len(docs))
    order = ids.rank("ordinal").to_numpy()[docs]
    return [docs[np.lexsort((order, -row))][:k].tolist() for row in scores]


@pytest.mark.parametrize("places", [np.array([[3, 1, -1]]), np.zeros((0, 4), np.int64)])
def test_the_order_of_some_ids_is_that_of_all(places):
    ranks = IdOrder(pl.Series(["c", "b", "a", "ab"]))[places]
    assert ranks.shape == places.shape
    assert ranks.size == 0 or ranks[0, 0] < ranks[0, 1]
