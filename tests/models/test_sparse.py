"""Sparse encoders of every kind give what sentence-transformers gives; other models are refused."""

import json
import shutil

import numpy as np
import pytest

from negmine.config.dense import dense_models
from negmine.config.settings import IndexSettings
from negmine.data.sparse_rows import of_pairs
from negmine.errors import InputError, RetrieverError
from negmine.models import encoder as encoders
from negmine.models.sparse import SparseEncoder
from negmine.storage.digests import Digests
from negmine.storage.vectors import VectorStore
from tests.models import tiny, tiny_sparse

TEXTS = [
    "tea", "hot green tea", "how long do cats sleep in a hot snake", "python list",
    "the largest snake is a python", "minutes", "sort a list", "hot green tea",
]  # fmt: skip
KINDS = {
    "words": tiny_sparse.words_model,
    "splade": tiny_sparse.splade,
    "inference-free": tiny_sparse.inference_free,
    "csr": tiny_sparse.csr,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return {name: make(tmp_path_factory.mktemp(name)) for name, make in KINDS.items()}


@pytest.fixture
def digest(tmp_path):
    return Digests(tmp_path / "digests.json")


def encoder(folder, digest, **settings):
    return SparseEncoder(IndexSettings(sparse_model=str(folder), device="cpu", **settings), digest)


def dense(rows, dimensions):
    matrix = np.zeros((len(rows), dimensions), np.float32)
    matrix[rows.numbers, rows.terms] = rows.weights
    return matrix


def encoded(folder, digest, kind, texts=TEXTS, **settings):
    return in_order(encoder(folder, digest, **settings).work(kind)(texts))


def in_order(batches):
    """Return the rows of all batches in the order of their texts."""
    parts = list(batches)
    order = np.argsort(np.concatenate([places for places, _ in parts]))
    return of_pairs(np.concatenate([pairs for _, pairs in parts])).take(order)


@pytest.mark.parametrize("kind", ["query", "document"])
@pytest.mark.parametrize("name", KINDS)
def test_vectors_are_those_of_sentence_transformers(models, digest, name, kind):
    from sentence_transformers import SparseEncoder as Theirs

    model = Theirs(str(models[name]), device="cpu")
    encode = model.encode_query if kind == "query" else model.encode_document
    expected = encode(TEXTS, convert_to_sparse_tensor=False).numpy()
    rows = encoded(models[name], digest, kind, batch_size=3)
    assert rows.terms.dtype == np.int32
    assert rows.weights.dtype == np.float32
    assert rows.lengths.tolist() == np.count_nonzero(expected, axis=1).tolist()
    assert np.allclose(dense(rows, expected.shape[1]), expected, atol=1e-5)


def test_a_router_reads_queries_with_another_encoder(models, digest):
    queries = encoded(models["inference-free"], digest, "query")
    documents = encoded(models["inference-free"], digest, "document")
    assert queries.lengths.sum() < documents.lengths.sum()
    encoder_of = encoder(models["inference-free"], digest)
    assert encoder_of.identity("query") != encoder_of.identity("document")


def test_a_model_that_compares_by_cosine_has_rows_of_length_1(tmp_path, digest):
    folder = tiny_sparse.words_model(tmp_path / "m", similarity_fn_name="cosine")
    rows = encoded(folder, digest, "document")
    squares = np.bincount(rows.numbers, rows.weights.astype(np.float64) ** 2)
    assert np.allclose(squares, 1, atol=1e-6)


def test_another_comparison_is_refused(tmp_path, digest):
    folder = tiny_sparse.words_model(tmp_path / "m", similarity_fn_name="euclidean")
    with pytest.raises(InputError, match=r"--sparse-model .* by euclidean"):
        encoder(folder, digest)


def test_a_model_that_is_not_sparse_is_refused_and_gets_no_untrained_layer(tmp_path, digest):
    with pytest.raises(
        InputError, match="no SparseEncoder: the folder holds a SentenceTransformer"
    ):
        encoder(tiny.static_model(tmp_path / "dense"), digest)
    with pytest.raises(InputError, match="BertForSequenceClassification, without a head"):
        encoder(tiny.cross_encoder(tmp_path / "plain"), digest)


def test_a_checkpoint_with_a_head_for_masked_words_is_a_splade(models, digest):
    plain = models["splade"].parent / "plain"
    ours, saved = (encoded(folder, digest, "document") for folder in (plain, models["splade"]))
    assert ours.terms.tolist() == saved.terms.tolist()
    assert np.allclose(ours.weights, saved.weights, atol=1e-5)


def test_one_checkpoint_read_as_dense_and_as_sparse_are_two_encoders(models, digest):
    plain = models["splade"].parent / "plain"
    index = IndexSettings(model=str(plain), device="cpu")
    as_dense = encoders.Encoder(dense_models(index)[0].documents, index, digest)
    assert as_dense.identity("document") != encoder(plain, digest).identity("document")


def test_prompts_and_lengths_of_the_dense_model_do_not_count(models, digest):
    plain = encoder(models["words"], digest)
    other = {"query_prompt": "query : ", "max_length": 2, "model": "another"}
    assert encoder(models["words"], digest, **other).identity("query") == plain.identity("query")


def test_the_models_own_prompt_is_read(tmp_path, digest):
    folder = tiny_sparse.words_model(tmp_path / "m", prompts={"query": "query : ", "document": ""})
    with_prompt = encoded(folder, digest, "query", ["tea"])
    assert with_prompt.lengths.tolist() == [3]
    assert encoded(folder, digest, "document", ["tea"]).lengths.tolist() == [1]


def test_a_batch_has_a_bounded_number_of_texts_however_short(models, digest):
    texts = [f"tea {word}" for word in tiny.WORDS]
    parts = list(encoder(models["words"], digest, batch_size=1).work("query")(texts))
    assert max(len(places) for places, _ in parts) == encoders.WIDE


def test_a_batch_without_any_term_gives_empty_rows(models, digest):
    rows = encoded(models["words"], digest, "query", [" "])
    assert rows.lengths.tolist() == [0]


def test_what_is_no_number_is_refused(models, digest, monkeypatch):
    import torch

    made = encoder(models["words"], digest)
    monkeypatch.setattr(torch.Tensor, "float", lambda self: torch.full(self.shape, float("nan")))
    with pytest.raises(InputError, match=r"--sparse-model .* is not finite, for 'tea'"):
        list(made.work("query")(["tea"]))


def test_memory_that_runs_out_halves_the_batch(models, digest, monkeypatch):
    from sentence_transformers import SparseEncoder as Theirs

    whole, notes = encoded(models["splade"], digest, "document"), []
    inner = Theirs._inference

    def short(self, inputs, **options):
        if len(inputs) > 1:
            raise RuntimeError("CUDA out of memory")
        return inner(self, inputs, **options)

    monkeypatch.setattr(Theirs, "_inference", short)
    made = encoder(models["splade"], digest)
    rows = in_order(made.work("document", notes.append)(TEXTS))
    assert len(notes) == 1
    assert "--batch-size" in notes[0]
    assert np.allclose(dense(rows, 40), dense(whole, 40), atol=1e-5)


def test_a_folder_that_does_not_load_is_told(models, tmp_path, digest):
    broken = shutil.copytree(models["words"], tmp_path / "broken")
    modules = json.loads((broken / "modules.json").read_text())
    modules[0]["type"] = "sentence_transformers.nowhere.Nothing"
    (broken / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(RetrieverError, match=r"--sparse-model .*broken"):
        list(encoder(broken, digest).work("query")(["tea"]))


def test_the_cache_keeps_sparse_rows_and_a_kill_changes_no_bit(models, digest, tmp_path):
    texts = [" ".join(tiny.WORDS[n % 7 : n % 31]) + f" {tiny.WORDS[n % 5]}" for n in range(200)]
    made = encoder(models["splade"], digest, batch_size=2)
    calm, _ = VectorStore(tmp_path / "calm").encode(texts, made.work("document"), lambda n: None)

    def dies(texts):
        for number, batch in enumerate(made.work("document")(texts)):
            if number == 4:
                raise KeyboardInterrupt
            yield batch

    with pytest.raises(KeyboardInterrupt):
        VectorStore(tmp_path / "hit").encode(texts, dies, lambda n: None)
    hit, count = VectorStore(tmp_path / "hit").encode(texts, made.work("document"), lambda n: None)
    assert 0 < count < len(set(texts))
    assert [one.tobytes() for one in hit] == [one.tobytes() for one in calm]
    assert len({len(one) for one in hit}) > 1
