"""A work directory on a store: whole whatever dies, one writer, and nothing that was changed is read."""

import json
import pickle
from contextlib import suppress

import pytest

from negmine.errors import CorruptArtifact, Locked, WorkdirError
from negmine.storage.files import atomic_write, new_folder
from negmine.storage.open import open_workdir
from negmine.storage.remote import beats, orphans
from negmine.storage.remote.names import read_name
from negmine.storage.remote.store import Store
from tests.storage.test_workdir import NAME, manifest, read, table

OLD, NEW = (1, 2, 3, 4, 5, 6), (7, 8)


class Died(BaseException):
    """The process is killed."""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Go to another machine: one that has no mirror yet."""
    count = iter(range(1000))

    def go():
        monkeypatch.setenv("NEGMINE_CACHE", str(tmp_path / f"machine {next(count)}"))

    go()
    return go


def finish(work, values, identity):
    """Make an artifact of two rows a part, as a command does."""
    with work.hold():
        parts = [values[start : start + 2] for start in range(0, len(values), 2)]
        for number, rows in enumerate(parts):
            if work.find_whole_part(NAME, number, identity) is None:
                work.write_part(NAME, number, table(*rows), identity)
        work.commit(manifest(work, len(parts), identity))


def dies_at(monkeypatch, number):
    """Have the store die at its operation `number`, and at each after that; return how many there were."""
    real, count = Store._do, []

    def do(self, operation, name, work, verb="read"):
        count.append(operation)
        if len(count) >= number:
            raise Died
        return real(self, operation, name, work, verb)

    monkeypatch.setattr(Store, "_do", do)
    return count


def test_it_is_read_back_here_and_on_another_machine(store, machine):
    work = open_workdir(store.address)
    assert not work.exists()
    finish(work, OLD, "0" * 16)
    assert read(work) == list(OLD)
    machine()
    there = open_workdir(str(store.address))
    assert there.exists()
    assert there.whole(there.require(NAME))
    assert read(there) == list(OLD)
    again = pickle.loads(pickle.dumps(there))
    assert read(again) == list(OLD)
    listed = there.require(NAME).parts
    assert [read_name(part["object"]).sha256 for part in listed] == [p["sha256"] for p in listed]
    assert [str(one) for one in there.places(NAME)] == [
        f"{store.address}/{NAME}/{part['object']}" for part in listed
    ]


def test_killed_at_every_operation_of_a_commit(store, machine, monkeypatch):
    seen = set()
    for number in range(1, 9):
        work = open_workdir(store.place(f"{number}"))
        for values, identity in ((OLD, "0" * 16), (NEW, "1" * 16)):
            for part in range(len(values) // 2):
                work.write_part(NAME, part, table(*values[2 * part :][:2]), identity)
            if values == NEW:
                with monkeypatch.context() as patched:
                    count = dies_at(patched, number)
                    with suppress(Died):
                        work.commit(manifest(work, 1, identity))
                break
            work.commit(manifest(work, 3, identity))
        machine()
        rows = tuple(read(open_workdir(work.name)))
        assert rows in (OLD, NEW)
        seen.add(rows)
        if len(count) < number:
            break
    assert seen == {OLD, NEW}
    assert rows == NEW


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["here", "another machine goes on"])
def test_killed_at_every_operation_of_a_command(machine, monkeypatch, is_elsewhere, memory):
    store = memory
    monkeypatch.setattr(beats, "GONE", -1.0)  # nobody waits for the dead
    is_whole, seen = False, set()
    for number in range(1, 60):
        work = open_workdir(store.place(f"{number}"))
        finish(work, OLD, "0" * 16)
        with monkeypatch.context() as patched:
            dies_at(patched, number)
            try:
                finish(work, NEW, "1" * 16)
                is_whole = True
            except Died:
                pass
        if is_elsewhere:
            machine()
        reader = open_workdir(work.name)
        rows = tuple(read(reader))
        assert rows in (OLD, NEW), number
        seen.add(rows)
        finish(open_workdir(work.name), NEW, "1" * 16)
        assert tuple(read(open_workdir(work.name))) == NEW
        if is_whole:
            break
    assert is_whole, "the last number is behind the last operation"
    assert seen == {OLD, NEW}
    assert number > 8


def test_another_machine_makes_only_what_is_missing(store, machine, monkeypatch):
    work = open_workdir(store.address)
    with work.hold():
        work.write_part(NAME, 0, table(1, 2), "0" * 16)
    machine()
    other = open_workdir(store.address)
    assert other.parts_done(NAME, "0" * 16) == 1
    assert other.parts_done(NAME, "1" * 16) == 0
    made, real = [], type(other).write_part
    monkeypatch.setattr(
        type(other), "write_part",
        lambda self, *given: (made.append(given[1]), real(self, *given)),
    )  # fmt: skip
    finish(other, (1, 2, 3, 4), "0" * 16)
    assert made == [1]
    assert read(open_workdir(store.address)) == [1, 2, 3, 4]


def test_a_part_that_was_changed_in_the_store_is_refused_and_made_again(store, machine):
    finish(open_workdir(store.address), OLD, "0" * 16)
    machine()
    work = open_workdir(store.address)
    key = f"{NAME}/{work.require(NAME).parts[1]['object']}"
    data = bytearray(store.get(key))
    data[len(data) // 2] ^= 1
    store.put(key, bytes(data))
    work = open_workdir(store.address)
    assert work.whole(work.require(NAME)), "its size is the same"
    with pytest.raises(CorruptArtifact) as told:
        read(work)
    assert f"{store.address}/{key} was changed after it was written: its sha256" in str(told.value)
    assert f"negmine retrieve {store.address}" in str(told.value)
    with work.hold():
        assert [path.name for path in work.altered(NAME)] == ["part-00001.parquet"]
        work.forget(NAME)
    finish(open_workdir(store.address), OLD, "0" * 16)
    assert read(open_workdir(store.address)) == list(OLD)


def test_verify_reads_every_object(store, machine):
    finish(open_workdir(store.address), OLD, "0" * 16)
    work = open_workdir(store.address)
    assert read(work) == list(OLD)
    key = f"{NAME}/{work.require(NAME).parts[2]['object']}"
    data = store.get(key)
    store.put(key, data[:-1] + bytes([data[-1] ^ 1]))
    assert work.altered(NAME) == []
    assert [path.name for path in work.altered(NAME, "all")] == ["part-00002.parquet"]


def test_a_part_that_is_gone_is_missed(store, machine):
    finish(open_workdir(store.address), OLD, "0" * 16)
    machine()
    work = open_workdir(store.address)
    key = f"{NAME}/{work.require(NAME).parts[0]['object']}"
    store.delete([key])
    work = open_workdir(store.address)
    assert not work.whole(work.require(NAME))
    with pytest.raises(CorruptArtifact, match="is missing"):
        read(work)


def test_what_is_damaged_in_the_mirror_is_fetched_again(store, machine):
    work = open_workdir(store.address)
    finish(work, OLD, "0" * 16)
    path = work.part_files(NAME)[0]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-3] + b"abc")
    assert read(open_workdir(store.address)) == list(OLD)


def test_the_mirror_follows_another_machine(store, machine, tmp_path, monkeypatch):
    first = str(tmp_path / "first")
    monkeypatch.setenv("NEGMINE_CACHE", first)
    work = open_workdir(store.address)
    finish(work, OLD, "0" * 16)
    machine()
    finish(open_workdir(store.address), NEW, "1" * 16)
    monkeypatch.setenv("NEGMINE_CACHE", first)
    again = open_workdir(store.address)
    again.verify = "sizes"  # an old part of the same size would pass
    assert read(again) == list(NEW)
    store.delete(store.list())
    assert not open_workdir(store.address).exists()


def test_files_beside_artifacts_come_along(store, machine):
    work = open_workdir(store.address)
    with work.hold():
        for name in ("settings.json", "sources/labels.parquet", "vectors/model/chunk-000000.arrow"):
            new_folder((work.root / name).parent)
            with atomic_write(work.root / name) as stream:
                stream.write(name.encode())
    machine()
    there = open_workdir(store.address)
    assert (there.root / "settings.json").read_bytes() == b"settings.json"
    assert (there.root / "sources" / "labels.parquet").exists()
    assert not (there.root / "vectors").exists(), "a cache is fetched when it is needed"
    assert [path.name for path in there.cache("vectors").rglob("*.arrow")] == ["chunk-000000.arrow"]
    with there.hold():
        (there.root / "sources" / "labels.parquet").unlink()
    machine()
    third = open_workdir(store.address)
    assert not (third.root / "sources" / "labels.parquet").exists()
    assert [path.name for path in third.cache("vectors").rglob("*.arrow")] == ["chunk-000000.arrow"]


def test_an_altered_settings_object_is_refused(store, machine):
    work = open_workdir(store.address)
    with work.hold(), atomic_write(work.root / "settings.json") as stream:
        stream.write(b"{}")
    machine()
    (name,) = (name for name in store.list() if name.startswith("settings-"))
    store.put(name, b"[]")
    with pytest.raises(CorruptArtifact, match="its sha256 is another"):
        open_workdir(store.address)


def test_a_second_command_is_refused_here_and_elsewhere(store, machine):
    work = open_workdir(store.address)
    with work.hold():
        with (
            pytest.raises(Locked, match=f"{store.address} is in use by process"),
            open_workdir(store.address).hold(),
        ):
            pass
        machine()
        with (
            pytest.raises(Locked, match=f"{store.address} is in use by .*, last seen"),
            open_workdir(store.address).hold(),
        ):
            pass


def test_who_lost_the_lock_puts_no_manifest(store, machine, monkeypatch):
    work = open_workdir(store.address)
    with pytest.raises(Locked, match="taken over"), work.hold():
        work.write_part(NAME, 0, table(1), "0" * 16)
        machine()
        monkeypatch.setattr(beats, "GONE", -1.0)
        finish(open_workdir(store.address), NEW, "1" * 16)
        work.commit(manifest(work, 1, "0" * 16))
    assert read(open_workdir(store.address)) == list(NEW)


def test_only_old_objects_that_nothing_lists_are_collected(store, machine, monkeypatch):
    finish(open_workdir(store.address), OLD, "0" * 16)
    store.put("README.txt", b"of the user")
    finish(open_workdir(store.address), NEW, "1" * 16)
    parts = [name for name in store.list() if name.startswith(NAME)]
    assert len(parts) == 3 + 1 + 1, "readers of the old artifact may still want its parts"
    monkeypatch.setattr(orphans, "OLD", -orphans.OLD)
    with open_workdir(store.address).hold():
        pass
    left = {name for name in store.list() if not name.startswith(".lock")}
    assert left == {"README.txt", f"{NAME}/_manifest.json", *(p for p in parts if "1" * 16 in p)}
    assert read(open_workdir(store.address)) == list(NEW)


def test_an_address_that_is_full_of_something_else_is_refused(store, machine):
    store.put("corpus.jsonl", b"{}")
    work = open_workdir(store.address)
    with pytest.raises(WorkdirError, match="is not empty and no work directory"), work.hold():
        pass
    assert list(store.list()) == ["corpus.jsonl"]


def test_a_first_command_that_fails_leaves_nothing(store, machine):
    with pytest.raises(WorkdirError, match="mistake"), open_workdir(store.address).hold():
        raise WorkdirError("a mistake")
    assert store.list() == {}


@pytest.mark.parametrize("address", ["https://host/work", "hf://datasets/a/b", "s3://k:s@bucket/w"])
def test_where_no_work_directory_can_be(address):
    with pytest.raises(WorkdirError) as told:
        open_workdir(address)
    assert "k:s" not in str(told.value)


def test_a_directory_that_another_tool_copied_is_read(store, machine, tmp_path):
    from tests.storage.test_workdir import finished

    work = finished(tmp_path / "work", (1, 2), (3,))
    for path in work.root.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            store.put(path.relative_to(work.root).as_posix(), path)
    store.put("settings.json", b"{}")
    there = open_workdir(store.address)
    assert there.exists()
    assert read(there) == [1, 2, 3]
    assert json.loads((there.root / "settings.json").read_text()) == {}


def test_a_name_that_leads_out_of_the_mirror_is_passed_over(store, machine):
    finish(open_workdir(store.address), OLD, "0" * 16)
    store.put("_files.json", json.dumps({"files": {
        "sources/../../../evil": {"object": "x", "bytes": 1, "sha256": "0" * 64},
        "1-index/evil": {"object": "x", "bytes": 1, "sha256": "0" * 64},
    }}).encode())  # fmt: skip
    machine()
    assert read(open_workdir(store.address)) == list(OLD)
