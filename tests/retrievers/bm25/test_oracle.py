"""BM25 against what others compute: the formulas by hand, bm25s' own index, and rank_bm25."""

import gzip
import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from negmine.config.settings import IndexSettings
from negmine.data.tokens import Tokenizer
from tests.retrievers.bm25.made import built, opened

tokenize = Tokenizer(fold_accents=True).tokens  # as IndexSettings() has it
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
K1, B, DELTA = 1.2, 0.6, 0.7
TINY = [
    "the cat sat on the mat",
    "a dog and a cat",
    "",
    "the dog barked and the dog bit the cat",
    "ภาษาไทย 電池の交換",
    "the end of the story",
]
TINY_QUERIES = ["the cat", "dog dog bit", "電池 ไทย", "story of a cat and a dog", "zebra the"]
SMALL = [
    "Aspirin thins the blood and lowers the risk of a second heart attack.",
    "Vitamin C does not prevent a cold, but may shorten it a little.",
    "Vitamin D is made in the skin when the sun shines on it.",
    "The heart pumps blood through the body about sixty times a minute.",
    "A cold is caused by a virus; antibiotics do not help against it.",
    "Der Blutdruck steigt mit dem Alter und mit dem Gewicht.",
    "Le vaccin contre la grippe change chaque année.",
    "हृदय शरीर में रक्त पंप करता है।",
    "心脏通过身体泵送血液。",
    "หัวใจสูบฉีดเลือดไปทั่วร่างกาย",
    "القلب يضخ الدم في الجسم.",
    "Antibiotics kill bacteria, and bacteria learn to live with antibiotics.",
]
SMALL_QUERIES = [
    "does vitamin c help against a cold",
    "heart and blood",
    "antibiotics against bacteria",
    "血液 心脏",
    "เลือด หัวใจ",
    "रक्त और हृदय",
    "the the the",
]


def table(texts):
    ids = pa.array([f"{place:06d}" for place in range(len(texts))], pa.large_string())
    return pa.table({"doc_id": ids, "text": pa.array(texts, pa.large_string())})


def indexed(texts, folder, **how):
    folder.mkdir(exist_ok=True)
    built([table(texts)], folder, IndexSettings(**how))
    return opened(folder, table(texts)["doc_id"].to_pylist())


def matrix(retriever, queries, documents):
    rows, docs = np.divmod(np.arange(len(queries) * documents), documents)
    return retriever.score_pairs(table(queries), rows, docs).reshape(-1, documents)


def idf(variant, n, df):
    return {
        "lucene": math.log(1 + (n - df + 0.5) / (df + 0.5)),
        "robertson": max(0.0, math.log((n - df + 0.5) / (df + 0.5))),
        "okapi": max(0.0, math.log((n - df + 0.5) / (df + 0.5))),
        "atire": math.log(n / df),
        "bm25l": math.log((n + 1) / (df + 0.5)),
        "bm25+": math.log((n + 1) / df),
    }[variant]


def term_frequency(variant, tf, relative_length):
    norm = 1 - B + B * relative_length
    if variant in ("lucene", "robertson"):
        return tf / (tf + K1 * norm)
    if variant == "bm25l":
        return (K1 + 1) * (tf / norm + DELTA) / (K1 + tf / norm + DELTA)
    return (K1 + 1) * tf / (tf + K1 * norm) + (DELTA if variant == "bm25+" else 0)


def by_hand(variant, query, document, corpus):
    """Kamphuis et al. 2020, table 1, over the tokens in both texts (Lv and Zhai 2011)."""
    tokens = [tokenize(text) for text in corpus]
    mean = sum(map(len, tokens)) / len(tokens)
    score = 0.0
    for token in tokenize(query):
        df = sum(token in other for other in tokens)
        if tf := tokens[document].count(token):
            part = term_frequency(variant, tf, len(tokens[document]) / mean)
            score += idf(variant, len(tokens), df) * part
    return score


@pytest.mark.parametrize("variant", ["lucene", "robertson", "atire", "bm25l", "bm25+", "okapi"])
def test_scores_are_the_formula_computed_by_hand(variant, tmp_path):
    how = {"bm25_variant": variant, "bm25_k1": K1, "bm25_b": B, "bm25_delta": DELTA}
    scores = matrix(indexed(TINY, tmp_path, **how), TINY_QUERIES, len(TINY))
    expected = [[by_hand(variant, q, d, TINY) for d in range(len(TINY))] for q in TINY_QUERIES]
    np.testing.assert_allclose(scores, expected, rtol=1e-6, atol=1e-7)
    assert np.count_nonzero(scores) > 5


def indexed_by_bm25s(texts, method, idf_method=None):
    import bm25s

    model = bm25s.BM25(k1=K1, b=B, delta=DELTA, method=method, idf_method=idf_method)
    model.index([tokenize(text) for text in texts], show_progress=False)
    return model


@pytest.mark.parametrize("variant", ["lucene", "robertson", "atire", "okapi"])
def test_postings_are_those_of_bm25s_to_the_bit(variant, tmp_path):
    indexed(SMALL, tmp_path, bm25_variant=variant, bm25_k1=K1, bm25_b=B, bm25_delta=DELTA)
    okapi = variant == "okapi"
    model = indexed_by_bm25s(SMALL, *(("atire", "robertson") if okapi else (variant,)))
    vocabulary = pl.read_parquet(tmp_path / "words-00000.parquet")["token"].to_list()
    assert set(vocabulary) == set(model.vocab_dict) - {""}
    every, retriever = np.arange(len(SMALL)), opened(tmp_path, table(SMALL)["doc_id"].to_pylist())
    for token in vocabulary:
        column = model.vocab_dict[token]
        theirs = slice(*model.scores["indptr"][column : column + 2])
        expected = np.zeros(len(SMALL), np.float32)
        expected[model.scores["indices"][theirs]] = model.scores["data"][theirs]
        ours = retriever.score_pairs(table([token]), np.zeros(len(SMALL)), every)
        assert ours.tobytes() == expected.tobytes()


@pytest.mark.parametrize("method", ["bm25l", "bm25+"])
def test_bm25l_and_bm25plus_agree_with_bm25s_where_a_document_has_every_query_word(
    method, tmp_path
):
    how = {"bm25_variant": method, "bm25_k1": K1, "bm25_b": B, "bm25_delta": DELTA}
    ours = matrix(indexed(SMALL, tmp_path, **how), SMALL, len(SMALL)).diagonal()
    model = indexed_by_bm25s(SMALL, method)
    theirs = [model.get_scores(tokenize(text))[i] for i, text in enumerate(SMALL)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def assert_same_answers(texts, queries, k, **how):
    """Compare variant okapi of bm25s with rank-bm25: scores to 1e-4, ranks where scores differ."""
    with TemporaryDirectory() as folder:
        fast = indexed(texts, Path(folder, "fast"), bm25_variant="okapi", **how)
        slow = indexed(texts, Path(folder, "slow"), bm25_engine="rank-bm25", **how)
        return compared(fast, slow, queries, k)


def compared(fast, slow, queries, k):
    """Compare their answers; return the share of documents that are in the same place."""
    ours, theirs = fast.search(table(queries), k), slow.search(table(queries), k)
    found = theirs.docs >= 0
    assert found.any()
    np.testing.assert_array_equal(ours.docs >= 0, found)
    np.testing.assert_allclose(ours.scores[found], theirs.scores[found], atol=1e-4)
    rows, _ = np.nonzero(found)
    np.testing.assert_allclose(
        fast.score_pairs(table(queries), rows, theirs.docs[found]), theirs.scores[found], atol=1e-4
    )
    same = ours.docs[found] == theirs.docs[found]
    tied = -np.diff(np.where(found, theirs.scores, 0)) < 1e-4
    near = np.pad(tied, ((0, 0), (1, 0))) | np.pad(tied, ((0, 0), (0, 1)), constant_values=True)
    assert same[~near[found]].all()
    return same.mean()


@pytest.mark.parametrize("stemmer", [None, "english"])
def test_rank_bm25_agrees_on_a_small_text(stemmer):
    how = {"bm25_k1": K1, "bm25_b": B, "stemmer": stemmer}
    assert assert_same_answers(SMALL, SMALL_QUERIES, 5, **how) == 1.0


def texts_of(path):
    """Read one BEIR file of ../shared/data, or skip the test."""
    if not path.exists():
        pytest.skip(f"no {path.parent.name} here")
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_rank_bm25_agrees_on_cranfield():
    documents = texts_of(DATA / "cranfield" / "corpus.jsonl.gz")
    queries = texts_of(DATA / "cranfield" / "queries.jsonl")[:60]
    texts = [f"{document['title']} {document['text']}" for document in documents]
    assert assert_same_answers(texts, [query["text"] for query in queries], 50) > 0.95


def test_rank_bm25_agrees_in_eleven_languages():
    documents = texts_of(DATA / "xquad-r" / "corpus.jsonl.gz")[::9]
    queries = texts_of(DATA / "xquad-r" / "queries.jsonl.gz")[::100]
    texts = [document["text"] for document in documents]
    assert assert_same_answers(texts, [query["text"] for query in queries], 50) > 0.95
