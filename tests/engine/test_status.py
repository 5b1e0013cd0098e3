"""What `status` says: the reasons in people's words, and no damage that it cannot tell."""

import json
import shutil
from types import SimpleNamespace

import pytest

import negmine
from negmine.engine import status
from negmine.errors import CorruptArtifact
from negmine.storage.small_json import read_sealed
from tests.conftest import write_beir
from tests.models.tiny import static_model


def why(work, **flags):
    return {s.artifact.name: (s.state, s.why) for s in negmine.status(work, **flags)}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("status")
    model = static_model(folder / "guide")
    data = write_beir(folder / "beir")
    negmine.mine(folder / "w", data=data, retriever=["bm25"], guide_model=[str(model)])
    return folder


@pytest.fixture
def work(made, tmp_path):
    copied = shutil.copytree(made / "w", tmp_path / "w")
    negmine.trust(copied)  # trust is about a path: the copy has none of its own
    return copied


def test_a_guide_that_went_or_came_is_named(made, work):
    state, reason = why(work, guide_model="none")["4-filter/verdicts"]
    assert (state, reason) == ("stale", "4-filter/guide-guide is no longer read")
    negmine.filter(work, guide_model=())
    state, reason = why(work, guide_model=[str(made / "guide")])["4-filter/verdicts"]
    assert (state, reason) == ("stale", "4-filter/guide-guide is new")


def test_an_input_in_the_place_of_another_is_named_with_it():
    recorded = SimpleNamespace(inputs={"1-index/corpus": "a", "2-retrieve/candidates": "b"})
    now = {
        name: SimpleNamespace(offered="a") for name in ("1-index/corpus", "2-generate/candidates")
    }
    found = status._changed_inputs(SimpleNamespace(reads=now), recorded, now)
    assert found == ["2-generate/candidates is read instead of 2-retrieve/candidates"]


def test_hashes_are_not_shown(work):
    state, reason = why(work, guide_query_prompt=["query: "])["4-filter/guide-guide"]
    assert (state, reason) == ("stale", "query changed")


def test_lists_are_shown_as_people_write_them(work):
    reason = why(work, retriever=["bm25", "dense"])["2-retrieve/candidates"][1]
    assert reason == "retrievers bm25 -> bm25, dense"


def test_an_index_made_before_accents_were_folded_is_stale_and_says_so(work):
    file = work / "1-index" / "bm25" / "_manifest.json"
    manifest = read_sealed(file)
    del manifest["settings"]["fold_accents"]
    file.write_text(json.dumps(manifest | {"identity": "of an earlier version"}))
    assert why(work)["1-index/bm25"] == ("stale", "fold-accents off -> on")


def test_switches_are_on_or_off(work):
    assert why(work, fold_accents=False)["1-index/bm25"] == ("stale", "fold-accents on -> off")


def test_a_gate_changes_no_row(work):
    assert {state for state, _ in why(work, min_yield=0.01).values()} == {"fresh"}


@pytest.mark.parametrize("damage", ["", "{", "null", '{"artifact": 1}'])
def test_a_damaged_manifest_is_a_state_of_that_artifact(work, damage):
    name = "2-retrieve/bm25"
    (work / name / "_manifest.json").write_text(damage)
    found = why(work)
    assert found.pop(name) == ("partial", "its _manifest.json is damaged")
    assert {state for state, _ in found.values()} == {"fresh"}
    assert negmine.explain(work, "q3")["rows"]
    outcomes = {a["artifact"]: a["outcome"] for a in negmine.retrieve(work).artifacts}
    assert outcomes == {name: "made", "2-retrieve/candidates": "fresh"}
    assert why(work)[name] == ("fresh", "")


def test_what_needs_a_damaged_manifest_says_how_to_mend_it(work):
    (work / "4-filter/verdicts/_manifest.json").write_text("{")
    with pytest.raises(CorruptArtifact, match=r"is damaged\. Run: negmine filter"):
        negmine.explain(work, "q3")


def test_texts_that_are_encoded_make_an_index_partial(tmp_path, monkeypatch):
    data = write_beir(tmp_path / "beir")
    model = static_model(tmp_path / "model")

    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("negmine.retrievers.dense.vectors.pl.DataFrame.write_parquet", killed)
        negmine.mine(tmp_path / "w", data=data, model=str(model))
    state, reason = why(tmp_path / "w")["1-index/dense-model"]
    assert state == "partial"
    assert reason == "29 texts are encoded"


def test_a_switch_that_reads_the_same_is_no_change():
    assert status._change("weighted", None, False) == ""
    assert status._change("weighted", None, True) == "weighted off -> on"
