"""What every BM25 engine and variant promises: the contract, ties, edges, and the files on disk."""

import shutil
import subprocess
import sys
import weakref
from itertools import pairwise
from tempfile import mkdtemp

import numba
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.settings import IndexSettings
from negmine.engine.progress import Silent
from negmine.errors import CorruptArtifact, SettingsError
from negmine.retrievers.bm25 import settings as bm25
from negmine.retrievers.bm25.build import build
from negmine.retrievers.postings import write
from tests.properties import share
from tests.retrievers.bm25.made import built, opened

VARIANTS = ["lucene", "robertson", "atire", "bm25l", "bm25+", "okapi"]
HOWS = [("bm25s", variant) for variant in VARIANTS] + [("rank-bm25", "okapi")]
TEXTS = [
    "the cat sat on the mat",
    "a dog and a cat",
    "!!!",
    "the dog barked, the dog bit",
    "電池の交換",
    "",
    "the cat sat on the mat",
]

every_engine = pytest.mark.parametrize(("engine", "variant"), HOWS, ids=map("-".join, HOWS))
# Few different texts, so that most lists end in the middle of a tie.
short_texts = st.lists(st.sampled_from(["a", "b", "a b", "a b b", "c", "b c a", ""]), max_size=14)


class Counting(Silent):
    def __init__(self):
        self.advances = []

    def advance(self, count):
        self.advances.append(count)


def table(texts, column="doc_id", ids=None):
    names = [f"{column}-{i:05d}" for i in range(len(texts))] if ids is None else ids
    return pa.table(
        {column: pa.array(names, pa.large_string()), "text": pa.array(texts, pa.large_string())}
    )


def queries(*texts):
    return table(texts, "query_id")


def indexed(texts, doc_order=None, engine="bm25s", variant=None, shards=1, **more):
    """Build and open an index of parts of 3 documents; its folder lives as long as it."""
    order = range(len(texts)) if doc_order is None else doc_order
    ids = [f"doc-{place:05d}" for place in order]
    how = IndexSettings(bm25_engine=engine, bm25_variant=variant, **more)
    whole = table(texts, ids=ids)
    parts = [whole.slice(start, 3) for start in range(0, max(len(texts), 1), 3)]
    folder = mkdtemp()
    built(parts, folder, how, shards=shards)
    retriever = opened(folder, ids)
    weakref.finalize(retriever, shutil.rmtree, folder)
    return retriever


def found(hits, row=0):
    return [doc for doc in hits.docs[row].tolist() if doc >= 0]


def every_pair(retriever, asked, documents):
    rows, docs = np.divmod(np.arange(asked.num_rows * documents), max(documents, 1))
    return retriever.score_pairs(asked, rows, docs).reshape(asked.num_rows, documents)


@every_engine
def test_search_gives_padded_lists_of_documents_that_share_a_token(engine, variant):
    retriever = indexed(TEXTS, engine=engine, variant=variant)
    hits = retriever.search(queries("bit 電池", "barked"), 10)
    assert hits.docs.shape == hits.scores.shape == (2, 10)
    assert (hits.docs.dtype, hits.scores.dtype) == (np.int64, np.float32)
    assert sorted(found(hits, 0)) == [3, 4]
    assert found(hits, 1) == [3]
    assert (hits.docs[1, 1:] == -1).all()
    assert np.isneginf(hits.scores[hits.docs == -1]).all()
    assert (hits.scores[hits.docs >= 0] > 0).all()
    assert retriever.name == "bm25"


@every_engine
def test_queries_without_known_words_give_empty_lists(engine, variant):
    retriever = indexed(TEXTS, engine=engine, variant=variant)
    asked = queries("", "!!!", "zebra", "barked zebra")
    hits = retriever.search(asked, 3)
    assert (hits.docs[:3] == -1).all()
    assert found(hits, 3) == [3]
    assert retriever.score_pairs(asked, [0, 1, 2], [0, 1, 3]).tolist() == [0.0, 0.0, 0.0]
    assert retriever.search(queries(), 3).docs.shape == (0, 3)
    assert retriever.score_pairs(asked, [], []).shape == (0,)


@every_engine
@pytest.mark.parametrize("texts", [[], [""], ["!!!", "", "…"]], ids=["no", "empty", "tokenless"])
def test_a_corpus_without_tokens_is_searched_without_complaint(engine, variant, texts):
    retriever = indexed(texts, engine=engine, variant=variant)
    assert (retriever.search(queries("cat", ""), 5).docs == -1).all()
    assert not every_pair(retriever, queries("cat", ""), len(texts)).any()


def test_an_index_of_no_table_at_all_can_be_opened(tmp_path):
    stats = built([], tmp_path)
    assert stats["documents"] == 0
    hits = opened(tmp_path, []).search(queries("cat"), 2)
    assert hits.docs.tolist() == [[-1, -1]]


@every_engine
def test_a_document_whose_shared_words_are_worth_nothing_is_not_offered(engine, variant):
    hits = indexed(["x a", "x b", "x c"], engine=engine, variant=variant).search(queries("x"), 3)
    worthless = variant in ("robertson", "atire", "okapi")
    assert found(hits) == ([] if worthless else [0, 1, 2])


@pytest.mark.parametrize("variant", ["bm25l", "bm25+"])
def test_delta_lifts_a_document_that_has_the_word_over_one_that_has_not(variant):
    asked = queries("cat")
    plain, lifted = (
        every_pair(indexed(TEXTS, variant=variant, bm25_delta=delta), asked, len(TEXTS))[0]
        for delta in (0.0, 2.0)
    )
    assert (lifted[[0, 1, 6]] > plain[[0, 1, 6]]).all()
    assert not lifted[[2, 3, 4, 5]].any()


@every_engine
def test_a_repeated_query_word_counts_as_often_as_it_occurs(engine, variant):
    retriever = indexed(TEXTS, engine=engine, variant=variant)
    once, twice = retriever.search(queries("barked", "barked barked"), 1).scores[:, 0]
    assert twice == 2 * once > 0


@every_engine
@pytest.mark.parametrize("k", [1, 2, 3, 4, 6, 7, 50])
def test_documents_of_equal_score_come_in_the_order_of_their_ids(engine, variant, k):
    texts = ["same words", "other", "same words", "other", "other", "same words", "same words"]
    order = [6, 0, 5, 1, 2, 4, 3]
    hits = indexed(texts, order, engine, variant, stemmer="english").search(queries("words"), k)
    worthless = variant in ("robertson", "okapi")
    assert found(hits) == ([] if worthless else [6, 5, 2, 0][:k])


@given(short_texts, short_texts, st.integers(1, 15), st.sampled_from(HOWS), st.data())
def test_search_is_the_true_top_k_of_the_pair_scores(texts, asked, k, how, data):
    order = np.array(data.draw(st.permutations(range(len(texts)))), np.int64)
    retriever, asked = indexed(texts, order, *how), queries(*asked)
    hits = retriever.search(asked, k)
    for row, scores in enumerate(every_pair(retriever, asked, len(texts))):
        best = [d for d in np.lexsort((order, -scores)).tolist() if scores[d] > 0][:k]
        assert found(hits, row) == best
        assert hits.scores[row, : len(best)].tobytes() == scores[best].tobytes()


@share(0.4)
@given(short_texts, short_texts, st.sampled_from(HOWS), st.data())
def test_the_order_of_the_corpus_changes_no_row(texts, asked, how, data):
    shuffle = data.draw(st.permutations(range(len(texts))))
    asked = queries(*asked)
    hits = indexed(texts, None, *how).search(asked, 4)
    moved = indexed([texts[i] for i in shuffle], shuffle, *how).search(asked, 4)
    back = np.array([*shuffle, -1], np.int64)[moved.docs]
    assert back.tobytes() == hits.docs.tobytes()
    assert moved.scores.tobytes() == hits.scores.tobytes()


@share(0.2)
@given(st.integers(1, 20), st.sampled_from(HOWS))
def test_a_row_depends_on_its_query_alone(size, how):
    asked = queries("cat", "", "the dog", "the the mat", "zebra", "電池", "a cat sat", "dog bit a")
    retriever = indexed(TEXTS, None, *how)
    whole = retriever.search(asked, 2)
    parts = [retriever.search(asked.slice(a, size), 2) for a in range(0, asked.num_rows, size)]
    assert np.concatenate([part.docs for part in parts]).tobytes() == whole.docs.tobytes()
    assert np.concatenate([part.scores for part in parts]).tobytes() == whole.scores.tobytes()


def test_threads_and_internal_batches_change_nothing(monkeypatch):
    texts = [f"w{i % 7} w{i % 11} w{i % 3}" for i in range(200)]
    asked = queries(*texts)
    whole = indexed(texts).search(asked, 5)
    monkeypatch.setattr(write, "POSTINGS_AT_ONCE", 7)
    for threads in (1, 4):
        monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", threads)
        hits = indexed(texts).search(asked, 5)
        assert hits.docs.tobytes() == whole.docs.tobytes()
        assert hits.scores.tobytes() == whole.scores.tobytes()


@pytest.mark.parametrize("engine", ["bm25s", "rank-bm25"])
def test_lists_that_overflow_keep_the_best_and_cut_ties_by_order(engine):
    rng = np.random.default_rng(5)
    texts = [" ".join(rng.choice(list("abcdef"), rng.integers(1, 9))) for _ in range(2500)]
    order = rng.permutation(len(texts))
    retriever = indexed(texts, order, engine)
    asked = queries("a", "a b", "f f c", "a b c d e f")
    hits = retriever.search(asked, 7)
    for row, scores in enumerate(every_pair(retriever, asked, len(texts))):
        best = [d for d in np.lexsort((order, -scores)).tolist() if scores[d] > 0]
        assert found(hits, row) == best[:7]


def test_build_counts_reports_progress_and_leaves_only_plain_files(tmp_path):
    progress = Counting()
    how = IndexSettings(stemmer="english", bm25_k1=0.9)
    stats = built([table(TEXTS[:5]), table(TEXTS[5:])], tmp_path, how, progress)
    assert progress.advances == [5, 2]
    assert stats == {
        "documents": 7,
        "documents_without_tokens": 2,
        "tokens": 27,
        "vocabulary": 14,
        "shards": 1,
        "engine": "bm25s",
        "variant": "lucene",
        "k1": 0.9,
        "b": 0.75,
        "delta": 0.5,
        "fold_accents": True,
        "stemmer": "english",
    }
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "by_order-00000.npy", "documents-00000.npy", "numbers-00000.npy", "order-00000.npy",
        "pairs-00000.npy", "params.json", "starts-00000.npy", "words-00000.parquet", "words.parquet",
    ]  # fmt: skip
    for name, count in (("documents", 22), ("numbers", 22), ("starts", 14 + 1)):
        assert len(np.load(tmp_path / f"{name}-00000.npy", allow_pickle=False)) == count
    assert pl.read_parquet(tmp_path / "words-00000.parquet").rows()[:2] == [("the", 3), ("cat", 3)]


def test_postings_ascend_within_a_token_and_hold_each_document_once(tmp_path):
    built([table(TEXTS)], tmp_path)
    starts, documents = (
        np.load(tmp_path / f"{name}-00000.npy") for name in ("starts", "documents")
    )
    assert starts[0] == 0 and starts[-1] == len(documents)
    for a, b in pairwise(starts):
        assert (np.diff(documents[a:b]) > 0).all() and b > a


@every_engine
def test_accents_of_documents_and_queries_are_folded_unless_told_otherwise(engine, variant):
    texts = ["café", "cafe", "tea", "tea", "tea"]
    for asked in (queries("CAFÉ"), queries("cafe")):
        assert found(indexed(texts, None, engine, variant).search(asked, 5)) == [0, 1]
    exact = indexed(texts, None, engine, variant, fold_accents=False)
    assert found(exact.search(queries("CAFÉ"), 5)) == [0]
    assert found(exact.search(queries("cafe"), 5)) == [1]


def test_without_folding_an_index_is_that_of_versions_that_knew_no_folding():
    assert "fold_accents" not in bm25.shaping(IndexSettings(fold_accents=False))
    assert bm25.shaping(IndexSettings())["fold_accents"] is True


NUMBERS = {
    "bm25s": {
        "starts": np.int64(9), "documents": np.int32(2), "numbers": np.int32(2), "order": np.int32(2),
        "by_order": np.int32(2),
    },
    "rank-bm25": {"ids": np.int32(3), "lengths": np.int64(9)},
}  # fmt: skip


@pytest.mark.parametrize(
    ("engine", "name"), [(engine, name) for engine, files in NUMBERS.items() for name in files]
)
def test_an_index_with_a_number_out_of_bounds_is_named_and_not_searched(engine, name, tmp_path):
    """Kernels check no bounds: they would read, and write, other memory."""
    texts = ["a b", "b c"]  # 2 documents, 3 tokens, 1 pair of count and length
    settings = IndexSettings(bm25_engine=engine)
    built([table(texts)], tmp_path, settings)
    path = tmp_path / f"{name}-00000.npy"
    right = np.load(path)
    for wrong in (NUMBERS[engine][name], right.dtype.type(-1)):
        for place in range(len(right)):
            changed = right.copy()
            changed[place] = wrong
            np.save(path, changed)
            with pytest.raises(CorruptArtifact, match=name):
                opened(tmp_path, ["a", "b"]).search(queries("a b c"), 2)
    np.save(path, right)
    assert opened(tmp_path, ["a", "b"]).search(queries("a b c"), 2).docs.shape == (1, 2)
    with pytest.raises(CorruptArtifact):  # it is about other documents
        opened(tmp_path, ["a"]).search(queries("a b c"), 1)


def test_the_index_remembers_its_stemmer():
    assert found(indexed(["many cats"], stemmer="english").search(queries("cat"), 1)) == [0]
    assert found(indexed(["many cats"]).search(queries("cat"), 1)) == []


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"bm25_engine": "rank-bm25", "bm25_variant": "lucene"}, "Use --bm25-variant okapi"),
        ({"stemmer": "klingon"}, "Use one of: .*english"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_a_document_is_read(how, message, tmp_path):
    how = IndexSettings(**how)
    with pytest.raises(SettingsError, match=message):
        bm25.check(how)
    untouched = iter([table(TEXTS)])
    with pytest.raises(SettingsError, match=message):
        build(untouched, tmp_path, how, Silent(), len(TEXTS))
    assert next(untouched).num_rows == len(TEXTS)
    assert list(tmp_path.iterdir()) == []


def test_the_fields_that_shape_the_index_are_settings():
    assert set(bm25.BM25_FIELDS) <= set(IndexSettings.model_fields)


def test_bm25_needs_no_torch_and_importing_it_loads_nothing_heavy():
    script = """
import sys, tempfile, pathlib, numpy, polars, pyarrow
from negmine.retrievers.bm25.build import build
from negmine.retrievers.bm25.retriever import open_index
from negmine.retrievers.bm25 import settings as bm25_settings
from negmine.retrievers.bm25.build import build
from negmine.engine.progress import Silent
from negmine.config.settings import IndexSettings
assert not {"torch", "numba", "bm25s", "rank_bm25"} & set(sys.modules)
folder = pathlib.Path(tempfile.mkdtemp())
texts = pyarrow.table({"doc_id": ["x", "y"], "text": ["a b", "b c"]})
build([texts], folder, IndexSettings(), Silent(), 2)
ids = polars.Series(["x", "y"])
assert open_index(folder, 2, lambda span: ids).search(texts, 1).docs.tolist() == [[0], [1]]
assert not {"torch", "transformers", "jax"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
