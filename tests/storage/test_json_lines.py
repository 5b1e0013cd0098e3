"""Parts as JSON lines: written, counted, found again under their identity, put in place."""

import json

import pyarrow as pa
import pytest

from negmine.data.schemas import training_schema
from negmine.storage.json_lines import JSON_LINES, count_lines, pending_name
from negmine.storage.manifest import MANIFEST, Manifest
from negmine.storage.parquet import PARQUET, part_name
from negmine.storage.workdir import PARTIAL, Workdir

NAME = "5-write/rows"


def table(*texts):
    return pa.table({"text": pa.array(texts, pa.large_string())})


def manifest(work, parts, identity):
    return Manifest(
        artifact=NAME,
        stage="write",
        schema="training/1",
        identity=identity,
        revision=1,
        settings={},
        inputs={},
        rows=0,
        seconds=0.0,
        parts=work.describe(NAME, [part_name(i, JSON_LINES) for i in range(parts)], identity),
    )


def write(work, number, values, identity="new"):
    work.write_part(NAME, number, values, identity, JSON_LINES)


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def test_a_row_is_one_object_with_every_key(tmp_path):
    kinds = {"text": pa.large_string(), "scores": pa.large_list(pa.float32()), "rank": pa.int64()}
    rows = [
        {"text": 'é "a"\n\u2028 🙂', "scores": [0.1, 2.0], "rank": 2**53 + 1},
        {"text": "", "scores": [], "rank": None},
        {"text": "b", "scores": [None, float("nan")], "rank": -1},
    ]
    work = Workdir(tmp_path)
    write(work, 0, pa.Table.from_pylist(rows, training_schema(kinds)))
    work.commit(manifest(work, 1, "new"))
    (path,) = work.part_files(NAME)
    assert lines(path) == [rows[0], rows[1], rows[2] | {"scores": [None, None]}]
    assert path.read_text(encoding="utf-8").startswith(
        '{"text":"é \\"a\\"\\n\u2028 🙂","scores":[0.1,2.0],'
    )


def test_the_manifest_counts_rows_and_not_line_feeds_in_texts(tmp_path):
    work = Workdir(tmp_path)
    write(work, 0, table("a\nb", "\r\n"))
    write(work, 1, table())
    write(work, 2, table("c" * 3_000_000, "d"))
    made = work.commit(manifest(work, 3, "new"))
    assert [part["file"] for part in made.parts] == [f"part-0000{n}.jsonl" for n in range(3)]
    assert [part["rows"] for part in made.parts] == [2, 0, 2]
    assert [part["bytes"] for part in made.parts] == [
        p.stat().st_size for p in work.part_files(NAME)
    ]
    assert work.whole(made)


def test_parts_of_an_interrupted_run_are_found_by_their_identity_alone(tmp_path):
    work = Workdir(tmp_path)
    write(work, 0, table("a"))
    write(work, 1, table("b"), "other")
    (work.folder(NAME) / PARTIAL / "part-00002.new.jsonl.tmp").write_bytes(b"half")
    assert [work.has_part(NAME, number, "new") for number in range(3)] == [True, False, False]
    assert work.parts_done(NAME, "new") == work.parts_done(NAME, "other") == 1


def test_the_old_artifact_stays_whole_until_its_successor_is_there(tmp_path):
    work = Workdir(tmp_path)
    for number in range(3):
        write(work, number, table("old"), "old")
    old = work.commit(manifest(work, 3, "old"))
    write(work, 0, table("new", "new"))
    assert work.whole(old)
    assert [lines(path) for path in work.part_files(NAME)] == [[{"text": "old"}]] * 3
    assert not work.has_part(NAME, 1, "new"), "what another identity left is not taken for it"
    write(work, 1, table())
    work.commit(manifest(work, 2, "new"))
    names = sorted(path.name for path in work.folder(NAME).iterdir())
    assert names == [MANIFEST, "part-00000.jsonl", "part-00001.jsonl"]
    assert [part["rows"] for part in work.require(NAME).parts] == [2, 0]


@pytest.mark.parametrize("kinds", [("parquet", JSON_LINES), (JSON_LINES, "parquet")])
def test_a_successor_in_another_kind_of_file_leaves_nothing_of_the_old_one(tmp_path, kinds):
    work = Workdir(tmp_path)
    for kind, identity in zip(kinds, ("old", "new"), strict=True):
        work.write_part(NAME, 0, table("a"), identity, kind)
        parts = work.describe(NAME, [part_name(0, kind)], identity)
        work.commit(Manifest(**vars(manifest(work, 0, identity)) | {"parts": parts}))
    assert {path.name for path in work.folder(NAME).iterdir()} == {MANIFEST, part_name(0, kinds[1])}


@pytest.mark.parametrize("step", range(1, 7))
def test_whoever_dies_inside_commit_can_go_on(tmp_path, monkeypatch, step):
    from pathlib import Path

    work = Workdir(tmp_path)
    for number in range(2):
        write(work, number, table("old"), "old")
    work.commit(manifest(work, 2, "old"))
    for number in range(2):
        write(work, number, table(f"new {number}"))
    steps = iter(range(1, 100))

    def dying(real):
        def call(self, *args, **kwargs):
            if next(steps) == step:
                raise KeyboardInterrupt
            return real(self, *args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", dying(Path.unlink))
        patch.setattr(Path, "replace", dying(Path.replace))
        with pytest.raises(KeyboardInterrupt):
            work.commit(manifest(work, 2, "new"))
    assert work.manifest(NAME) is None or work.manifest(NAME).identity == "old"
    for number in range(2):
        if not work.has_part(NAME, number, "new"):  # it was put in place already, nameless
            write(work, number, table(f"new {number}"))
    work.commit(manifest(work, 2, "new"))
    assert [lines(path) for path in work.part_files(NAME)] == [
        [{"text": f"new {n}"}] for n in (0, 1)
    ]


def test_only_parts_of_json_lines_carry_their_identity_in_their_name(tmp_path):
    assert pending_name("part-00003.jsonl", "id") == "part-00003.id.jsonl"
    for file in ("part-00003.parquet", "README.md", "calls.jsonl", "part-3.jsonl"):
        assert pending_name(file, "id") == file


def test_an_empty_file_has_no_line(tmp_path):
    (tmp_path / "part").write_bytes(b"")
    assert count_lines(tmp_path / "part") == 0


@pytest.mark.parametrize("kind", [PARQUET, JSON_LINES])
def test_a_part_that_was_left_is_taken_up_only_with_the_bytes_that_were_written(kind, tmp_path):
    work = Workdir(tmp_path)
    work.write_part(NAME, 0, table("a"), "new", kind)
    path = work.find_whole_part(NAME, 0, "new")
    assert path == work.find_part(NAME, 0, "new")
    assert work.find_whole_part(NAME, 0, "other") is None
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x81]) + whole[place + 1 :])
        assert work.find_whole_part(NAME, 0, "new") is None
    path.write_bytes(whole)
    assert work.find_whole_part(NAME, 0, "new") == path
    path.with_name(f"{path.name}.xxh3").unlink()  # killed before it was written
    assert work.find_whole_part(NAME, 0, "new") is None


def test_no_hash_of_a_part_stays_when_the_manifest_has_it(tmp_path):
    work = Workdir(tmp_path)
    write(work, 0, table("a"))
    work.commit(manifest(work, 1, "new"))
    assert sorted(path.name for path in work.folder(NAME).iterdir()) == [
        MANIFEST,
        "part-00000.jsonl",
    ]
