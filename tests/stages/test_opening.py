"""Opening a work directory: what `mine` says where settings are given without data."""

import pytest

import negmine
from negmine.engine.progress import Silent
from negmine.errors import SettingsError
from tests.scorers.judge.mining import is_tea
from tests.scorers.judge.server import honest, serving


def test_settings_without_data_name_the_two_ways_on(tmp_path, beir):
    work = tmp_path / "w"
    negmine.mine(work, data=beir, retriever=["bm25"])
    with pytest.raises(SettingsError) as error:
        negmine.mine(work, no_risk=True, num_negatives=3)
    keep = f"negmine filter {work} --no-risk && negmine write {work} --num-negatives 3"
    assert f"was made from --data {beir}" in str(error.value)
    assert keep in str(error.value)
    assert f"negmine mine {work} --data {beir} --no-risk --num-negatives 3" in str(error.value)


def test_a_new_directory_since_an_old_one_is_not_begun_without_data(tmp_path, beir):
    negmine.mine(tmp_path / "old", data=beir, retriever=["bm25"])
    with pytest.raises(SettingsError, match="--since"):
        negmine.mine(tmp_path / "new", since=tmp_path / "old", max_risk=0.2)
    assert not (tmp_path / "new").exists()
    assert negmine.mine(tmp_path / "new", since=tmp_path / "old").summary["kept"] > 0


class Notes(Silent):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def test_settings_that_a_new_mine_replaces_by_defaults_are_noted(tmp_path, beir):
    work, progress = tmp_path / "w", Notes()
    negmine.mine(work, data=beir, retriever=["bm25"], device="cpu", max_score=9.0)
    negmine.filter(work, skip_top=1)
    negmine.mine(work, data=beir, retriever=["bm25"], max_score=8.0, progress=progress)
    replaced = [note for note in progress.notes if "mine takes the defaults" in note]
    assert [note.partition("had: ")[2] for note in replaced] == ["--skip-top 1"]


def test_what_is_for_one_command_is_not_remembered(tmp_path, beir):
    work = tmp_path / "w"
    negmine.mine(work, data=beir, retriever=["bm25"])
    with serving(honest(is_tea)) as server:
        judge = {"judge_url": server.url, "judge_model": "m", "judge_check": 0}
        negmine.filter(work, judge_budget="5000", verify="sizes", **judge)
    assert "judge_url" in (work / "settings.json").read_text()
    for name in ("judge_budget", "verify"):
        assert name not in (work / "settings.json").read_text()


def test_the_rules_in_force_name_where_they_come_from(tmp_path, beir):
    work = tmp_path / "w"
    negmine.mine(work, data=beir, retriever=["bm25"], max_score=9.0)
    rules = negmine.filter(work, min_score=0.1).rules
    origins = {rule["setting"]: rule["origin"] for rule in rules}
    assert origins["max_score"] == "remembered"
    assert origins["min_score"] == "flag"
    assert origins["near_duplicate"] == "default"
    config = tmp_path / "negmine.toml"
    config.write_text("[filter]\nmax-score = 8.0\n")
    rules = negmine.mine(work, data=beir, retriever=["bm25"], config=config).rules
    assert {"stage": "filter", "setting": "max_score", "value": 8.0, "origin": "file"} in rules


def test_guides_get_the_batches_that_memory_allows(tmp_path, beir, monkeypatch):
    """Guides used to get the batch size that was given, whatever --memory."""
    from negmine.stages.filter import guides
    from negmine.stages.opening import context_to_mine
    from tests.models.tiny import static_model

    model = str(static_model(tmp_path / "guide"))
    flags = {"data": beir, "guide_model": [model], "batch_size": 4096, "memory": "1GB"}
    context = context_to_mine(tmp_path / "w", flags, None, None, None)
    given = []
    monkeypatch.setattr(guides, "Guide", lambda place, rules, index, *more: given.append(index))
    guides.opened(context, 0)
    assert given[0].batch_size == 10**9 // (64 << 20)
