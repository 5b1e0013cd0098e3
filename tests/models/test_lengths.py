"""Lengths: what the model's own tokenizer makes of a text, no more than the model reads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.models.lengths import Lengths
from tests.models.tiny import WORDS, bert_model, static_model


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(bert_model(tmp_path_factory.mktemp("bert"))), device="cpu")


texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=90).map(" ".join), max_size=20)


@given(texts)
def test_lengths_are_those_of_the_features_that_the_model_gets(bert, texts):
    expected = [bert.preprocess([text])["attention_mask"].sum().item() for text in texts]
    found = Lengths(bert)(texts)
    assert found.dtype == np.int64
    assert found.tolist() == expected


def test_counting_leaves_the_models_tokenizer_alone(bert):
    before = bert.encode(["hot tea", "cats sleep in the snake"])
    Lengths(bert)(["tea " * 500, "cats"])
    assert np.array_equal(bert.encode(["hot tea", "cats sleep in the snake"]), before)


def test_a_pair_is_both_texts_up_to_what_is_read(bert):
    count = Lengths(bert)
    found = count.of_pairs(["hot tea", "tea " * 60], ["green tea", "tea " * 60])
    assert found.tolist() == [4, 64]


def test_of_a_very_long_text_only_the_beginning_is_counted(bert, monkeypatch):
    count, seen = Lengths(bert), []

    class Watched:
        def encode_batch_fast(self, texts):
            seen.extend(texts)
            return [[0] * 70 for _ in texts]

    monkeypatch.setattr(count, "_tokenizer", Watched())
    assert count(["tea " * 100_000]).tolist() == [64]
    assert len(seen[0]) == 64 * 16


def test_static_embeddings_pad_nothing(tmp_path):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(static_model(tmp_path / "model")), device="cpu")
    assert Lengths(model)(["tea", "tea " * 100]).tolist() == [1, 1]


def test_without_a_fast_tokenizer_bytes_are_counted():
    class Slow:
        max_seq_length, tokenizer = 10, object()

        def __getitem__(self, place):
            return self

    assert Lengths(Slow())(["", "tea tea", "電池電池", "x" * 1000]).tolist() == [1, 2, 4, 10]
