"""The corpus cut into shards: where they lie, and that their hits come together as those of one search."""

from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from negmine.retrievers import shards
from negmine.retrievers.base import Hits
from negmine.retrievers.ranking import by_score
from negmine.retrievers.shards import Span

COUNTS = [1, 2, 3, 7, 16]

parts = st.lists(st.integers(0, 9), max_size=30)


class Scored:
    """A shard of documents whose scores are given, [queries, documents]."""

    def __init__(self, span, scores, ids):
        self.span, self._ids = span, ids[span.first : span.first + span.documents]
        self._scores = scores[:, span.first : span.first + span.documents]

    def doc_ids(self):
        return self._ids

    def search(self, queries, k):
        order = self._ids.rank("ordinal").cast(pl.Int64).to_numpy()
        docs = np.broadcast_to(np.arange(len(order)), self._scores.shape)
        docs, scores = by_score(docs, self._scores, order)
        return Hits(docs[:, :k].copy(), scores[:, :k])


class Several:
    def __init__(self, spans, scores, ids):
        self.shards = [Scored(span, scores, ids) for span in spans]

    def read(self, queries):
        return queries


@given(parts, st.sampled_from(COUNTS))
def test_shards_are_runs_of_parts_and_have_every_document_once(sizes, count):
    spans = shards.spans(sizes, count)
    assert len(spans) <= min(count, len(sizes))
    assert sum(span.documents for span in spans) == sum(sizes)
    for span in spans:
        assert span.documents == sum(sizes[slice(*span.parts)])
        assert span.first == sum(sizes[: span.parts[0]])
    if sizes:
        edges = [span.parts for span in spans]
        assert edges[0][0] == 0 and edges[-1][1] == len(sizes)
        assert all(a[1] == b[0] for a, b in pairwise(edges))


@given(parts, st.sampled_from(COUNTS))
def test_what_is_written_is_cut_where_what_is_read_is(sizes, count):
    tables = [pa.table({"x": list(range(size))}) for size in sizes]
    runs = [list(run) for run in shards.cut(tables, sum(sizes), count, len)]
    assert [len(run) for run in runs] == [b - a for _, _, (a, b) in shards.spans(sizes, count)]
    assert [table for run in runs for table in run] == tables


def test_shards_have_about_equally_many_documents():
    sizes = [span.documents for span in shards.spans([10] * 100, 7)]
    assert len(sizes) == 7 and max(sizes) - min(sizes) <= 10


@given(
    st.sampled_from(COUNTS),
    st.sampled_from(["random", "tied", "close", "equal"]),
    st.sampled_from([1, 3, 10, 100]),
    st.integers(0, 2**32 - 1),
)
def test_hits_of_all_shards_are_the_best_of_all_documents(count, kind, k, seed):
    rng = np.random.default_rng(seed)
    documents, queries = int(rng.integers(0, 60)), 5
    scores = {
        "random": rng.random((queries, documents)),
        "tied": rng.integers(0, 3, (queries, documents)),
        "close": 1 + rng.integers(0, 3, (queries, documents)) * 2.0**-23,
        "equal": np.ones((queries, documents)),
    }[kind].astype(np.float32)
    ids = pl.Series("doc_id", [f"d{n}" for n in rng.permutation(documents)], dtype=pl.String)
    sizes = np.diff([0, *np.sort(rng.integers(0, documents + 1, count - 1)), documents]).tolist()
    firsts = np.cumsum([0, *sizes])
    spans = [Span(int(firsts[n]), size, (n, n + 1)) for n, size in enumerate(sizes)]
    asked = pa.table({"text": [""] * queries})
    cut = shards.search(Several(spans, scores, ids), asked, k)
    whole = Scored(Span(0, documents, (0, 1)), scores, ids).search(asked, k)
    width = whole.docs.shape[1]
    assert cut.docs[:, :width].tobytes() == whole.docs.tobytes()
    assert cut.scores[:, :width].tobytes() == whole.scores.tobytes()
    assert (cut.docs[:, width:] == -1).all()


def test_documents_find_their_shard():
    spans = [Span(0, 3, (0, 1)), Span(3, 0, (1, 2)), Span(3, 2, (2, 3))]
    docs = np.array([4, 0, 3, 2])
    assert {n: places.tolist() for n, places in shards.split(docs, spans)} == {0: [1, 3], 2: [0, 2]}


def test_no_document_has_no_shard():
    assert shards.spans([], 3) == []
    assert list(shards.split(np.zeros(0, np.int64), [])) == []
    hits = shards.search(
        Several([], np.zeros((2, 0)), pl.Series([])), pa.table({"text": ["a", "b"]}), 3
    )
    assert hits.docs.tolist() == [[-1] * 3] * 2
