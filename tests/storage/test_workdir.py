"""The work directory: atomic parts, manifest last, nothing torn whenever it dies."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import negmine
from negmine.data.identity import file_digest, identity_of
from negmine.errors import CorruptArtifact, Locked, MissingArtifact, WorkdirError
from negmine.storage.digests import Digests
from negmine.storage.locks import locked
from negmine.storage.manifest import MANIFEST, Manifest
from negmine.storage.open import open_workdir
from negmine.storage.parquet import part_name
from negmine.storage.small_json import read_sealed
from negmine.storage.workdir import PARTIAL, Workdir

NAME = "2-retrieve/bm25"


def table(*values):
    return pa.table({"n": pa.array(values, pa.int64())}).replace_schema_metadata(
        {"negmine.schema": "test/1"}
    )


def manifest(work, parts, identity="new", files=None):
    return Manifest(
        artifact=NAME,
        stage="retrieve",
        schema="test/1",
        identity=identity,
        revision=1,
        settings={},
        inputs={},
        rows=0,
        seconds=0.0,
        parts=work.describe(NAME, files or [part_name(i) for i in range(parts)], identity),
    )


def finished(tmp_path, *parts, identity="new"):
    work = Workdir(tmp_path)
    for number, values in enumerate(parts):
        work.write_part(NAME, number, table(*values), identity)
    work.commit(manifest(work, len(parts), identity))
    return work


def read(work):
    return [row for part in work.parts(NAME) for row in part["n"].to_list()]


def test_a_finished_artifact_is_read_back_with_its_schema_name(tmp_path):
    work = finished(tmp_path, [1, 2], [3])
    assert read(work) == [1, 2, 3]
    last = work.part_files(NAME)[1]
    assert pq.read_schema(last).metadata[b"negmine.schema"] == b"test/1"
    assert work.scan(NAME).collect()["n"].to_list() == [1, 2, 3]
    assert [part["rows"] for part in work.require(NAME).parts] == [2, 1]


def test_a_successor_replaces_parts_and_removes_strays(tmp_path):
    work = finished(tmp_path, [1], [2], [3])
    (work.folder(NAME) / "part-00009.parquet").write_bytes(b"stray")
    work = finished(tmp_path, [9], identity="newer")
    assert read(work) == [9]
    assert sorted(p.name for p in work.folder(NAME).iterdir()) == [MANIFEST, part_name(0)]


def test_the_old_artifact_stays_whole_while_the_new_one_grows(tmp_path):
    work = finished(tmp_path, [1], identity="old")
    work.write_part(NAME, 0, table(7), "new")
    assert read(work) == [1]
    assert work.has_part(NAME, 0, "new")
    assert work.parts_done(NAME, "new") == 1
    work.discard(NAME)
    assert read(work) == [1]
    assert not work.has_part(NAME, 0, "new")


@pytest.mark.parametrize("step", range(1, 9))
def test_dying_inside_commit_loses_no_part(tmp_path, monkeypatch, step):
    work = finished(tmp_path, [1], [2], [3], identity="old")
    for number, value in enumerate((7, 8)):
        work.write_part(NAME, number, table(value), "new")
    calls = {"n": 0}

    def dying(real):
        def call(self, *args, **kwargs):
            calls["n"] += 1
            if calls["n"] == step:
                raise KeyboardInterrupt
            return real(self, *args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", dying(Path.unlink))
        patch.setattr(Path, "replace", dying(Path.replace))
        try:
            work.commit(manifest(work, 2))
        except KeyboardInterrupt:
            assert work.manifest(NAME) is None or work.manifest(NAME).identity == "old"
    again = Workdir(tmp_path)
    assert all(again.has_part(NAME, number, "new") for number in range(2))
    again.commit(manifest(again, 2))
    assert read(again) == [7, 8]


def test_a_torn_part_is_not_taken_for_finished(tmp_path):
    work = Workdir(tmp_path)
    work.write_part(NAME, 0, table(*range(1000)), "new")
    path = work.folder(NAME) / PARTIAL / part_name(0)
    path.write_bytes(path.read_bytes()[:-20])
    assert not work.has_part(NAME, 0, "new")
    (work.folder(NAME) / PARTIAL / (part_name(1) + ".tmp")).write_bytes(b"half")
    assert work.parts_done(NAME, "new") == 0


def test_a_missing_artifact_names_the_command(tmp_path):
    with pytest.raises(MissingArtifact, match=r"Run: negmine retrieve"):
        Workdir(tmp_path).part_files(NAME)


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_part_is_named(tmp_path, damage):
    work = finished(tmp_path, [1], [2])
    path = work.folder(NAME) / part_name(1)
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    assert not work.whole(work.require(NAME))
    with pytest.raises(CorruptArtifact, match=part_name(1)):
        read(work)


def test_a_manifest_that_is_no_json_is_named(tmp_path):
    work = finished(tmp_path, [1])
    (work.folder(NAME) / MANIFEST).write_text("{")
    assert work.manifest(NAME) is None
    assert work.is_damaged(NAME)
    with pytest.raises(CorruptArtifact, match=MANIFEST):
        work.require(NAME)


def test_a_folder_full_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.doc").write_text("precious")
    with pytest.raises(WorkdirError, match="not empty"):
        Workdir(tmp_path).create()
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkdirError, match="is a file"):
        Workdir(tmp_path / "file").create()


def test_the_lock_names_its_holder(tmp_path):
    with locked(tmp_path):
        code = (
            "import sys; from pathlib import Path; from negmine.storage.locks import locked\n"
            + ("with locked(Path(sys.argv[1])): pass")
        )
        other = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True
        )
        assert other.returncode != 0
        assert f"process {os.getpid()} on" in other.stderr
    with locked(tmp_path):
        pass


def test_a_dead_holder_does_not_keep_the_lock(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from negmine.storage.locks import locked\n"
        "with locked(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    dead = subprocess.run([sys.executable, "-c", code, str(tmp_path)])
    assert dead.returncode == -9
    assert (tmp_path / ".lock-holder.json").exists()
    with locked(tmp_path):
        assert json.loads((tmp_path / ".lock-holder.json").read_text())["pid"] == os.getpid()


def test_two_threads_of_one_process_do_not_share_the_lock(tmp_path):
    with locked(tmp_path), pytest.raises(Locked), locked(tmp_path):
        pass


def test_digests_are_remembered_until_the_file_changes(tmp_path):
    file = tmp_path / "corpus.jsonl"
    file.write_text("one")
    digests = Digests(tmp_path / ".digests.json")
    first = digests(file)
    digests.save()
    assert first == file_digest(file)
    assert Digests(tmp_path / ".digests.json")(file) == first
    file.write_text("three")
    assert Digests(tmp_path / ".digests.json")(file) == file_digest(file) != first


def test_identity_does_not_depend_on_the_order_of_keys():
    assert identity_of({"a": 1, "b": [1, 2]}) == identity_of({"b": [1, 2], "a": 1})
    assert identity_of({"a": 1}) != identity_of({"a": 2})


def test_a_folder_whose_name_looks_like_a_pattern_is_just_a_folder(tmp_path):
    folder = tmp_path / "run[1]*"
    folder.mkdir()
    work = finished(folder, [1, 2], [3])
    assert read(work) == [1, 2, 3]
    assert work.scan(NAME).collect()["n"].to_list() == [1, 2, 3]


def test_a_manifest_of_version_1_is_read(tmp_path):
    """Version 1 called the stage a room; its artifacts stay fresh."""
    work = finished(tmp_path, [1])
    path = tmp_path / NAME / "_manifest.json"
    fields = read_sealed(path)
    del fields["parts"][0]["xxh3"]
    fields["room"] = fields.pop("stage")
    path.write_text(json.dumps(fields | {"manifest": 1}))
    assert work.manifest(NAME).stage == "retrieve"


def test_a_file_is_no_work_directory(tmp_path):
    file = tmp_path / "pairs.jsonl"
    file.write_text("")
    wanted = f"{file} is a file. Name a folder for the work directory, as in: negmine mine work --pairs {file}"
    for command in (negmine.mine, negmine.status, negmine.show, negmine.index, negmine.report):
        with pytest.raises(WorkdirError) as told:
            command(file)
        assert str(told.value) == wanted


@pytest.mark.parametrize("root", ["https://host/work", Path("hf://datasets/me/work")])
def test_an_address_where_nothing_can_be_written_is_no_work_directory(root):
    with pytest.raises(
        WorkdirError, match=r"cannot be a work directory.*Name a folder of this machine"
    ):
        open_workdir(root)


def test_messages_call_a_work_directory_by_the_name_that_opens_it(tmp_path):
    work = Workdir(tmp_path, name="mirror:work")
    with pytest.raises(MissingArtifact, match="Run: negmine retrieve mirror:work"):
        work.require("2-retrieve/bm25")
