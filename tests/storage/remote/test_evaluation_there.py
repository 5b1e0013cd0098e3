"""An evaluation set may be a work directory at an address: its texts, and its vectors."""

import pytest

import negmine
from negmine.config.addresses import Address
from negmine.errors import MissingArtifact
from negmine.storage.remote.store import Store
from tests.conftest import write_beir
from tests.models.tiny import static_model

EVALUATION = "memory://evaluations/tea"
DOCUMENTS = {
    "a": ("", "green tea water hot"),
    "b": ("", "cats sleep list"),
    "c": ("", "a snake is long"),
}
THEIRS = {"x": ("", "hot water tea green"), "y": ("", "largest python")}  # x has the words of a


@pytest.fixture
def sets(tmp_path, memory, monkeypatch):
    """A mined work directory, and an evaluation set as a folder, here and at an address."""
    monkeypatch.chdir(tmp_path)
    data = write_beir(tmp_path / "train", DOCUMENTS, {"q": "how hot"}, [("q", "b", 1)])
    judged = [("t", "x", 1), ("t", "y", 1)]
    theirs = write_beir(tmp_path / "set", THEIRS, {"t": "how hot"}, judged, "test")
    options = {"retriever": ["dense"], "model": str(static_model(tmp_path / "model"))}
    negmine.mine("work", data=data, no_risk=True, no_relative_margin=True, **options)
    for place in ("tea", EVALUATION):
        negmine.index(place, data=theirs, **options)
    return theirs, options


def test_it_is_compared_as_the_same_one_in_a_folder(sets, monkeypatch, tmp_path):
    here = negmine.decontaminate("work", "tea", eval_similarity=0.99)
    monkeypatch.setenv("NEGMINE_CACHE", str(tmp_path / "another machine"))
    there = negmine.decontaminate("work", EVALUATION, eval_similarity=0.99)
    (one,), (other,) = here["sets"], there["sets"]
    assert other["vectors"] is True
    assert (one.pop("path"), other.pop("path")) == (str(tmp_path / "tea"), EVALUATION)
    assert one == other
    assert other["ids"] == {"queries": ["q"], "positives": [], "negatives": ["a"]}


def test_filter_drops_what_is_in_it_and_sees_when_it_changes(sets):
    theirs, options = sets

    def verdicts():
        made = negmine.filter("work", decontaminate=[EVALUATION], eval_test=["exact"])
        return {row["artifact"]: row["outcome"] for row in made.artifacts}["4-filter/contaminated"]

    assert verdicts() == "made"
    assert verdicts() == "fresh"
    write_beir(theirs, {**THEIRS, "z": ("", "milk")}, {"t": "milk"}, [("t", "z", 1)], "test")
    negmine.index(EVALUATION, data=theirs, **options)
    assert verdicts() == "made"


def test_one_that_is_not_indexed_is_named_with_the_command(sets, monkeypatch, tmp_path):
    Store(Address(EVALUATION)).delete(["1-index/qrels/_manifest.json"])
    monkeypatch.setenv("NEGMINE_CACHE", str(tmp_path / "another machine"))
    with pytest.raises(MissingArtifact, match=f"negmine index {EVALUATION}"):
        negmine.decontaminate("work", EVALUATION)
