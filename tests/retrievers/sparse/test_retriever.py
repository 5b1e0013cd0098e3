"""What the sparse retriever promises at its edges, and of the files that it opens."""

import numpy as np
import pytest

from negmine.data.ragged import matrices
from negmine.engine.progress import Silent
from negmine.errors import CorruptArtifact
from negmine.retrievers.sparse.retriever import Sparse
from negmine.storage.chunks import write_chunk
from negmine.storage.vectors import exact_keys
from tests.retrievers.sparse.made import indexed, queries, write

DOCUMENTS = np.array([[1, 2, 0, 0], [0, 0, 0, 0], [0, 1, 0, 3], [1, 2, 0, 0]], np.float32)
QUERIES = np.array([[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 5, 0], [0, -1, 0, 1]], np.float32)


class Noting(Silent):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def lists(hits):
    return [[doc for doc in row if doc >= 0] for row in hits.docs.tolist()]


def test_lists_are_short_where_few_documents_share_a_term():
    hits = indexed(DOCUMENTS, QUERIES).search(queries(0, 1, 2), 10)
    assert lists(hits) == [[0, 3, 2], [], []]
    assert hits.scores[0, :4].tolist() == [3, 3, 1, -np.inf]


def test_a_query_is_told_by_its_id_whatever_the_order():
    retriever = indexed(DOCUMENTS, QUERIES)
    assert lists(retriever.search(queries(2, 0, 0), 2)) == [[], [0, 3], [0, 3]]
    assert retriever.search(queries(), 2).docs.shape == (0, 2)


def test_equal_scores_are_ordered_by_doc_id():
    hits = indexed(DOCUMENTS, QUERIES, [3, 2, 1, 0]).search(queries(0), 1)
    assert lists(hits) == [[3]]


def test_a_score_of_zero_or_less_is_no_hit_but_pairs_have_it():
    retriever = indexed(DOCUMENTS, QUERIES)
    assert lists(retriever.search(queries(3), 4)) == [[2]]
    assert retriever.score_pairs(queries(3), [0, 0, 0], [0, 1, 2]).tolist() == [-2, 0, 2]


def test_pairs_without_a_common_term_score_zero():
    retriever = indexed(DOCUMENTS, QUERIES)
    assert retriever.score_pairs(queries(1, 2), [0, 1], [0, 0]).tolist() == [0, 0]
    assert retriever.score_pairs(queries(0), [], []).tolist() == []


def test_a_corpus_without_any_term_has_no_hits():
    nothing = np.zeros((2, 4), np.float32)
    retriever = indexed(nothing, QUERIES)
    assert lists(retriever.search(queries(0, 1), 3)) == [[], []]
    assert retriever.score_pairs(queries(0), [0], [1]).tolist() == [0]


def test_queries_without_any_term_have_no_hits():
    retriever = indexed(DOCUMENTS, np.zeros((2, 4), np.float32), query_terms=2)
    assert lists(retriever.search(queries(0, 1), 3)) == [[], []]


def test_the_manifest_counts_terms_and_texts_without_any(tmp_path):
    (tmp_path / "index").mkdir()
    progress = Noting()
    stats = write(tmp_path / "index", DOCUMENTS, QUERIES, progress=progress)
    assert stats == {
        "documents": 4, "queries": 4, "encoded": 8, "reused": 0, "terms": 3,
        "terms_per_document": 1.5, "terms_per_query": 1.2, "documents_without_terms": 1,
        "queries_without_terms": 1, "dtype": "float32",
    }  # fmt: skip
    assert progress.notes == [
        "the sparse model gives 1 of 4 documents and 1 of 4 queries no term: they are in no hit"
    ]


def test_a_model_that_is_not_sparse_is_noted(tmp_path, monkeypatch):
    monkeypatch.setattr("negmine.retrievers.sparse.build.MANY", 3)
    (tmp_path / "index").mkdir()
    progress = Noting()
    full = np.ones((4, 4), np.float32)
    write(tmp_path / "index", full, full, progress=progress)
    assert len(progress.notes) == 1
    assert "4 terms on average" in progress.notes[0]


@pytest.mark.parametrize(
    ("file", "value"),
    [
        ("starts.npy", np.array([0, 9], np.int64)),
        ("documents.npy", np.array([0, 3, 0, 2, 3, 9], np.int32)),
        ("scores.npy", np.ones(2, np.float32)),
        ("query_starts.npy", np.array([0, 2, 2, 3, 9], np.int64)),
        ("query_terms.npy", np.array([0, 1, 2, -1, 3], np.int32)),
        ("query_weights.npy", np.ones(5, np.float64)),
    ],
)
def test_files_that_a_kernel_could_not_read_are_refused(tmp_path, file, value):
    folder = tmp_path / "1-index" / "sparse"
    folder.mkdir(parents=True)
    write(folder, DOCUMENTS, QUERIES)
    Sparse(folder, np.arange(4))
    np.save(folder / file, value)
    with pytest.raises(CorruptArtifact, match=rf"{file} is damaged.*negmine index"):
        Sparse(folder, np.arange(4))


@pytest.mark.parametrize("term", [-1.0, 2.0**24, np.nan])
def test_terms_in_the_cache_that_no_model_has_are_damage(tmp_path, term):
    (tmp_path / "index").mkdir()
    pairs = matrices([np.array([[term, 1.0]], np.float32)] * 4)
    write_chunk(tmp_path / "store" / "document", exact_keys("0123"), pairs)
    with pytest.raises(
        CorruptArtifact, match=r"store/document is damaged: it holds terms that no model has"
    ):
        write(tmp_path / "index", DOCUMENTS, QUERIES)
