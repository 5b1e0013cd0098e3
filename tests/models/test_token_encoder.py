"""Late-interaction encoders: which folders they are, whose vectors they give, the same bits in any company."""

import json
import shutil

import numpy as np
import pytest

from negmine.config.settings import IndexSettings
from negmine.errors import InputError, RetrieverError
from negmine.models.locate import resolve_model
from negmine.models.token_encoder import TokenEncoder, is_multi_vector
from negmine.storage.digests import Digests
from tests.models.tiny import WORDS, bert_model, multi_vector_model

TEXTS = ["tea", "hot green tea , .", "how long do cats sleep in a hot snake ?", "", "tea tea tea"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    prompts = {"query": "query : ", "document": "passage : "}
    return multi_vector_model(tmp_path_factory.mktemp("late"), prompts=prompts)


@pytest.fixture(scope="module")
def minilm(tmp_path_factory):
    """The packaged MiniLM with a projection of tokens to 32 dimensions."""
    digests = Digests(tmp_path_factory.mktemp("digests") / "d.json")
    base = resolve_model("all-MiniLM-L6-v2", digests)
    return multi_vector_model(tmp_path_factory.mktemp("minilm"), dims=32, base=base)


@pytest.fixture
def digest(tmp_path):
    return Digests(tmp_path / "digests.json")


def encoder(folder, digest, **settings):
    given = IndexSettings(device="cpu", **{"late_vector_dtype": "float32", **settings})
    return TokenEncoder(given, str(folder), digest, "--late-model")


def encoded(one, texts, kind="document"):
    result = [None] * len(texts)
    for places, rows in one.work(kind)(texts):
        for place, row in zip(places, rows, strict=True):
            result[place] = row
    return result


def pylate(target, source):
    """Save a model's folder again in the layout of PyLate 1: transformer and projection alone, marks on top."""
    shutil.copytree(source, target)
    for name in ("2_MultiVectorMask", "3_Normalize"):
        shutil.rmtree(target / name)
    projection = json.loads((target / "1_Dense" / "config.json").read_text())
    kept = ("in_features", "out_features", "bias", "activation_function")
    (target / "1_Dense" / "config.json").write_text(json.dumps({k: projection[k] for k in kept}))
    types = ("sentence_transformers.models.Transformer", "pylate.models.Dense.Dense")
    modules = [
        {"idx": n, "name": str(n), "path": ["", "1_Dense"][n], "type": types[n]} for n in (0, 1)
    ]
    (target / "modules.json").write_text(json.dumps(modules))
    config = {
        "__version__": {"sentence_transformers": "5.1.1"}, "prompts": {}, "default_prompt_name": None,
        "similarity_fn_name": "MaxSim", "model_type": "ColBERT", "query_prefix": "[Q] ",
        "document_prefix": "[D] ", "query_length": 32, "document_length": 48,
        "attend_to_expansion_tokens": False, "skiplist_words": [",", "."], "do_query_expansion": True,
    }  # fmt: skip
    (target / "config_sentence_transformers.json").write_text(json.dumps(config))
    return target


@pytest.mark.parametrize("kind", ["query", "document"])
def test_vectors_are_those_of_sentence_transformers(folder, digest, kind):
    from sentence_transformers import MultiVectorEncoder

    model = MultiVectorEncoder(str(folder), device="cpu")
    expected = getattr(model, f"encode_{kind}")(TEXTS, convert_to_numpy=True)
    made = encoded(encoder(folder, digest), TEXTS, kind)
    assert [len(one) for one in made] == [len(one) for one in expected]
    for one, its in zip(made, expected, strict=True):
        assert np.allclose(one, its, atol=1e-6)


def test_prompts_are_the_models_own_whatever_the_dense_one_has(folder, digest):
    plain, prompted = (
        encoded(encoder(folder, digest, **flags), TEXTS, "query")
        for flags in ({}, {"query_prompt": "tea tea ", "max_length": 3})
    )
    assert all(np.array_equal(a, b) for a, b in zip(plain, prompted, strict=True))


@pytest.mark.parametrize("kind", ["query", "document"])
def test_a_text_without_a_token_has_no_vector(tmp_path, digest, kind):
    plain = multi_vector_model(tmp_path)
    shapes = [one.shape for one in encoded(encoder(plain, digest), ["", "tea", "  "], kind)]
    assert shapes == [(0, 8), (1, 8), (0, 8)]


def test_punctuation_that_the_model_skips_has_no_vector(folder, digest):
    one, other = encoded(encoder(folder, digest), ["hot tea", "hot , tea ."])
    assert len(one) == len(other)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_text_has_the_same_bits_in_any_company(folder, digest, dtype):
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(WORDS, rng.integers(1, 30))) for _ in range(60)]
    together = encoded(encoder(folder, digest, dtype=dtype, batch_size=4), texts)
    turned = encoded(encoder(folder, digest, dtype=dtype, batch_size=500), texts[::-1])[::-1]
    some = encoded(encoder(folder, digest, dtype=dtype), texts[20:27])
    assert all(np.array_equal(a, b) for a, b in zip(together, turned, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(together[20:27], some, strict=True))


def test_half_precision_is_rounded_once(folder, digest):
    half = encoded(encoder(folder, digest, late_vector_dtype="float16"), TEXTS)
    single = encoded(encoder(folder, digest), TEXTS)
    assert all(np.array_equal(a, b.astype(np.float16)) for a, b in zip(half, single, strict=True))


def test_precisions_do_not_share_a_cache(folder, digest):
    one, other = (
        encoder(folder, digest, late_vector_dtype=d).identity("query")
        for d in ("float16", "float32")
    )
    assert one != other


def test_a_pylate_folder_gives_its_own_vectors(tmp_path, minilm, digest):
    """Marks, query expansion to 32 tokens and skipped punctuation are those that PyLate saved."""
    from sentence_transformers import MultiVectorEncoder

    folder = pylate(tmp_path / "pylate", minilm)
    assert is_multi_vector(folder)
    one = encoder(folder, digest)
    queries = encoded(one, ["how long do cats sleep", "tea"], "query")
    assert [query.shape for query in queries] == [(32, 32), (32, 32)]
    (document,) = encoded(one, ["Cats sleep, all day."])
    model = MultiVectorEncoder(str(folder), device="cpu")
    words = model.tokenizer.tokenize(model.prompts["document"] + "Cats sleep, all day.")
    assert len(document) == len(words)  # [CLS] and [SEP] more, comma and full stop less
    assert np.allclose(np.linalg.norm(document, axis=1), 1, atol=1e-6)
    assert np.allclose(
        document,
        model.encode_document(["Cats sleep, all day."], convert_to_numpy=True)[0],
        atol=1e-5,
    )


def test_older_pylate_and_colbert_folders_are_known_by_their_settings(tmp_path):
    stored = tmp_path / "config_sentence_transformers.json"
    stored.write_text(json.dumps({"prompts": {}, "query_prefix": "[unused0]"}))
    assert is_multi_vector(tmp_path)
    stored.unlink()
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["HF_ColBERT"]}))
    assert is_multi_vector(tmp_path)


@pytest.mark.parametrize(
    "content", ["[]", "{", '{"prompts": {}}', '{"model_type": "SentenceTransformer"}']
)
def test_other_folders_are_no_multi_vector_models(tmp_path, content):
    (tmp_path / "config_sentence_transformers.json").write_text(content)
    assert not is_multi_vector(tmp_path)


def test_another_model_is_refused_and_gets_no_random_layer(tmp_path, digest):
    with pytest.raises(InputError, match=r"--late-model .* is no multi-vector model"):
        encoder(bert_model(tmp_path), digest)


def test_numbers_that_half_precision_cannot_hold_are_an_error(folder, digest):
    large = np.full(1, None, object)
    large[0] = np.full((2, 8), 1e6, np.float32)
    with pytest.raises(InputError, match="--late-vector-dtype float32"):
        encoder(folder, digest, late_vector_dtype="float16")._checked(large, ["tea"])


def test_a_broken_folder_is_named(tmp_path, folder, digest):
    broken = shutil.copytree(folder, tmp_path / "broken")
    (broken / "modules.json").write_text("[]")
    with pytest.raises(RetrieverError, match="--late-model"):
        encoded(encoder(broken, digest), ["tea"])
