"""A first command that fails, and keeps nothing, leaves nothing behind."""

from pathlib import Path

import pytest
from filelock import FileLock

import negmine
from negmine.errors import InputError, Locked, MissingArtifact
from negmine.storage.locks import locked
from negmine.storage.workdir import Workdir


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fail(work, beir, **settings):
    with pytest.raises(InputError):
        negmine.mine(work, pairs=beir / "queries.jsonl", retriever=["bm25"], **settings)


def test_a_first_command_that_fails_leaves_no_work_directory(tmp_path, beir):
    fail(tmp_path / "w", beir, query_column="txt")
    assert not (tmp_path / "w").exists()


def test_an_empty_folder_of_the_user_stays(tmp_path, beir):
    (tmp_path / "w").mkdir()
    fail(tmp_path / "w", beir)
    assert names(tmp_path / "w") == []


def test_what_was_made_before_stays(tmp_path, beir):
    negmine.index(tmp_path / "w", data=beir, retriever=["bm25"])
    fail(tmp_path / "w", beir)
    kept = [".digests.json", ".lock", "1-index", "settings.json"]
    assert names(tmp_path / "w") == kept


def test_a_directory_without_a_finished_stage_says_how_to_begin(tmp_path, beir):
    """The queries of the command that failed are kept, its settings are not."""
    (beir / "corpus.jsonl").write_text("no JSON\n")
    with pytest.raises(InputError):
        negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"])
    assert (tmp_path / "w" / "1-index" / "queries").is_dir()
    wanted = r"w has no finished stage in it yet\. Run: negmine mine .*w --data FOLDER"
    with pytest.raises(MissingArtifact, match=wanted):
        negmine.status(tmp_path / "w")
    with pytest.raises(MissingArtifact, match=wanted):
        negmine.filter(tmp_path / "w", max_score=3.0)
    assert negmine.status(tmp_path / "w", data=beir, retriever=["bm25"])


def test_a_directory_that_another_holds_stays(tmp_path):
    work = Workdir(tmp_path / "w")
    work.create()
    with work.lock():
        with pytest.raises(Locked), work.hold():
            pass
        assert names(work.root) == [".lock", ".lock-holder.json"]


def test_a_lock_whose_file_was_removed_is_taken_again(tmp_path, monkeypatch):
    """The file is opened, then another command removes it and lets go, then this one gets the lock."""
    taken = []
    real = FileLock.acquire

    def late(self, *arguments, **keywords):
        result = real(self, *arguments, **keywords)
        if not taken:
            Path(self.lock_file).unlink()
        taken.append(self.lock_file)
        return result

    monkeypatch.setattr(FileLock, "acquire", late)
    with locked(tmp_path):
        monkeypatch.undo()
        assert len(taken) == 2
        with pytest.raises(Locked), locked(tmp_path):
            pass
