"""The five verbs, on a store in memory and on S3; and one writer of eight that begin together."""

import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from negmine.config.addresses import Address
from negmine.errors import Locked, WorkdirError
from negmine.storage.remote import beats
from negmine.storage.remote import store as stores
from negmine.storage.remote.names import Named, object_name, read_name
from negmine.storage.remote.store import Store, Unconditional


def test_what_is_put_is_listed_got_and_removed(store, tmp_path):
    assert store.list() == {}
    store.put("1-index/a/part", b"one")
    (tmp_path / "file").write_bytes(b"two!")
    store.put("1-index/b", tmp_path / "file")
    store.put("2", b"")
    assert {name: entry.bytes for name, entry in store.list().items()} == {
        "1-index/a/part": 3, "1-index/b": 4, "2": 0,
    }  # fmt: skip
    assert list(store.list("1-index/a")) == ["1-index/a/part"]
    assert store.list("nothing") == {}
    assert store.get("1-index/b") == b"two!"
    store.fetch("1-index/a/part", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == b"one"
    store.delete(["1-index/a/part", "never/there", "2"])
    assert list(store.list()) == ["1-index/b"]


def test_an_object_that_is_not_there_is_told_by_its_address(store, tmp_path):
    for read in (lambda: store.get("x/y"), lambda: store.fetch("x/y", tmp_path / "got")):
        with pytest.raises(FileNotFoundError, match="texts/work/x/y"):
            read()


def test_a_put_replaces_and_is_noticed(store):
    store.put("a", b"old")
    before = store.list()["a"]
    store.put("a", b"new")
    after = store.list()["a"]
    assert store.get("a") == b"new"
    assert before.version != after.version
    assert abs(datetime.now(UTC) - after.modified) < timedelta(minutes=5)


def test_an_object_is_created_once(store):
    store.create("a", b"mine")
    store.create("a", b"mine")  # the same write again, whose answer was lost
    with pytest.raises(FileExistsError):
        store.create("a", b"yours")
    assert store.get("a") == b"mine"


def test_a_store_opens_its_client_anew_in_another_process(store):
    store.put("a", b"x")
    assert pickle.loads(pickle.dumps(store)).get("a") == b"x"


def test_a_copy_inside_the_store(store):
    store.put("a", b"x")
    store.copy(store.place("a"), "b/c")
    assert store.get("b/c") == b"x"


def test_errors_name_bucket_key_operation_and_remedy(s3, monkeypatch):
    with pytest.raises(
        WorkdirError,
        match=r"s3://nobody/w/a cannot be written: there is no bucket nobody \(writing",
    ):
        Store(Address("s3://nobody/w")).put("a", b"x")
    with pytest.raises(WorkdirError, match=r"there is no bucket nobody \(listing it"):
        Store(Address("s3://nobody/w")).list()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(WorkdirError) as told:
        Store(Address("s3://texts/w")).put("a/b", b"x")
    assert "bucket texts, key w/a/b cannot be reached (writing it" in str(told.value)
    assert "Check the network, AWS_ENDPOINT_URL (http://127.0.0.1:9), or try" in str(told.value)


def test_names_carry_file_identity_and_content():
    for file in ("part-00003.parquet", "beir/qrels/train.tsv", "README.md", "a.jsonl.gz", "scores"):
        name = object_name(file, "0123456789abcdef", "f" * 64)
        assert read_name(name) == Named(file, "0123456789abcdef", "f" * 64)
    assert read_name("part-00003.parquet") is None


def nobody(note):
    raise AssertionError(note)


def test_eight_begin_together_and_one_holds_the_lock(store):
    barrier, held = Barrier(8), []

    def begin(number):
        barrier.wait()
        try:
            with beats.held(Store(store.address), f"mirror {number}", nobody):
                held.append(number)
                time.sleep(0.5)
            return True
        except Locked as error:
            assert "in use by" in str(error)
            return False

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(begin, range(8)))
    assert sum(outcomes) == len(held) == 1
    with beats.held(store, "another", nobody) as lock:
        assert list(store.list(beats.FOLDER)) == [lock.name]


def test_a_holder_that_is_not_heard_of_is_replaced_and_knows_it(store, monkeypatch):
    notes = []
    with beats.held(store, "first", nobody) as first:
        with (
            pytest.raises(Locked, match=r"in use by .*, process \d+, last seen \d+ s ago"),
            beats.held(store, "second", notes.append),
        ):
            pass
        monkeypatch.setattr(beats, "GONE", -5.0)
        with (
            beats.held(store, "second", notes.append),
            pytest.raises(Locked, match="was taken over by another command"),
        ):
            first.check()
    assert len(notes) == 1
    assert "takes over" in notes[0]


def test_a_holder_of_the_same_mirror_is_dead(store):
    notes = []
    lock = beats.Held(store, 3, {"mirror": "ours", "conditional": True, "host": "a", "pid": 7})
    lock.beat()
    with beats.held(store, "ours", notes.append) as second:
        assert second.name.endswith("00000004")
    assert "was left by a, process 7: this command goes on" in notes[0]


def test_beats_are_heard(store, monkeypatch):
    monkeypatch.setattr(beats, "BEAT", 0.05)
    with beats.held(store, "m", nobody) as lock:
        first = store.list(beats.FOLDER)[lock.name].version
        deadline = time.monotonic() + 20
        while store.list(beats.FOLDER)[lock.name].version == first:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize("how", ["writes anyway", "refuses"])
def test_a_store_without_conditional_writes_is_told(store, monkeypatch, how):
    def create(self, name, data):
        if how == "refuses":
            raise Unconditional(name)
        self.put(name, data)

    notes = []
    monkeypatch.setattr(stores.Store, "create", create)
    with beats.held(store, "m", notes.append):
        pass
    assert len(notes) == 1
    assert "nothing stops a second command here" in notes[0]
