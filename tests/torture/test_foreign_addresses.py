"""What somebody else put at an address is damage with a message, or has no effect.

Each case is an object (manifest, list, lock), or a change of one, in a finished work directory in memory. Then
it is read, and a command takes the lock. Nothing outside of the address and of its mirror is touched.
"""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from negmine.errors import NegmineError, WorkdirError
from negmine.storage.open import open_workdir
from negmine.storage.remote import beats
from negmine.storage.small_json import sealed, unsealed
from tests.storage.remote.conftest import cache, memory  # noqa: F401 - fixtures
from tests.storage.remote.test_workdir_there import finish
from tests.storage.test_workdir import NAME, read

MANIFEST, FILES = f"{NAME}/_manifest.json", "_files.json"
ROWS = (1, 2, 3, 4)
DEEP = b"[" * 200_000
OTHER = b"precious"
OTHERS = {"object": "README.txt", "bytes": len(OTHER), "sha256": sha256(OTHER).hexdigest()}


def changed(name, change):
    """Return what changes a sealed JSON object, and seals it anew."""

    def put(store):
        value = unsealed(json.loads(store.get(name)))
        change(value)
        store.put(name, json.dumps(sealed(value)).encode())

    return put


def of_manifest(**fields):
    return changed(MANIFEST, lambda value: value.update(fields))


def of_parts(**fields):
    return changed(MANIFEST, lambda value: [part.update(fields) for part in value["parts"]])


def listed(name="sources/a.parquet", **fields):
    """Return what adds an entry to the list of files beside the artifacts."""
    entry = {"object": "sources/x", "bytes": 1, "sha256": "0" * 64, **fields}
    return changed(FILES, lambda value: value["files"].update({name: entry}))


def made(name, data):
    return lambda store: store.put(
        name, data if isinstance(data, bytes) else json.dumps(data).encode()
    )


CONTENTS = {
    "deep": DEEP, "null": b"null", "a list": b"[]", "half": b'{"files":', "no UTF-8": b"\xff\xfe",
    "empty": b"", "large": b" " * 34_000_000, "an infinite size": b'{"files": {"a": {"bytes": 1e999}}}',
    "a long number": b'{"a": ' + b"9" * 5000 + b"}",
}  # fmt: skip
NAMES = {
    "of the store": "../../texts/other.txt", "a number": 5, "a list": ["a"], "NUL": "a\0b", "ESC": "a\x1b[31m",
    "long": "x" * 2000, "empty": "", "a slash": "/", "a dot": ".", "a half": "a\udc80", "nothing": None,
}  # fmt: skip
SIZES = {"below zero": -1, "huge": 10**30, "true": True, "text": "12", "a fraction": 1.5}
CASES = {
    **{f"manifest: {name}": made(MANIFEST, data) for name, data in CONTENTS.items()},
    **{f"list: {name}": made(FILES, data) for name, data in CONTENTS.items()},
    **{f"lock: {name}": made(".lock/00000099", data) for name, data in CONTENTS.items()},
    **{f"object of a part: {name}": of_parts(object=value) for name, value in NAMES.items()},
    **{f"object in the list: {name}": listed(object=value) for name, value in NAMES.items()},
    **{f"size of a part: {name}": of_parts(bytes=value) for name, value in SIZES.items()},
    **{f"size in the list: {name}": listed(bytes=value) for name, value in SIZES.items()},
    "hash of a part": of_parts(sha256=5),
    "hash in the list": listed(sha256=None),
    "no parts": of_manifest(parts=[]),
    "another artifact": of_manifest(artifact="../../evil"),
    "a file with NUL": listed("sources/a\0b"),
    "a file with ESC": listed("sources/a\x1b[31m"),
    "a file with half a character": listed("sources/a\udc80"),
    "a long file": listed("sources/" + "x" * 400),
    "a file in a file": listed("settings.json/evil"),
    "a file like another": listed("settings.jsonx"),
    "a manifest with NUL": made("1-index/a\0b/_manifest.json", b"{}"),
    "a manifest with half a character": made("1-index/a\udc80/_manifest.json", b"{}"),
    "a manifest of a long name": made(f"1-index/{'x' * 1000}/_manifest.json", b"{}"),
    "a lock of a large number": made(f".lock/{'9' * 5000}", b"{}"),
    "a lock of many digits": made(f".lock/{'9' * 900}", b"{}"),
    "a lock that is a folder": made(".lock/0001/0002", b"{}"),
}  # fmt: skip


@pytest.fixture
def work(memory):  # noqa: F811
    """A finished work directory at an address, with settings."""
    work = open_workdir(memory.address)
    with work.hold():
        (work.root / "settings.json").write_text("{}")
    finish(work, ROWS, "0" * 16)
    memory.put("README.txt", OTHER)
    return work


@pytest.mark.parametrize("case", CASES)
def test_it_is_one_message_or_has_no_effect(case, work, tmp_path, monkeypatch):
    CASES[case](work.store)
    monkeypatch.setenv("NEGMINE_CACHE", str(tmp_path / "another machine"))
    monkeypatch.setattr(beats, "GONE", -1.0)  # nobody waits for a lock without a holder
    for use in (read, _locked):
        try:
            done = use(open_workdir(work.name))
        except NegmineError as error:
            assert str(work.store.address) in str(error)
            assert any(word in str(error) for word in ("negmine ", "Remove", "remove", "Give"))
            assert len(str(error)) < 2000
        else:
            assert done in (list(ROWS), None)
    assert work.store.get("README.txt") == OTHER


def _locked(work):
    with work.hold():
        pass


def test_no_object_goes_that_a_list_calls_a_cache(work, tmp_path, monkeypatch):
    """A list says that a file of the user is a chunk of a cache, and the chunk is gone from the mirror."""
    listed("vectors/x", **OTHERS)(work.store)
    monkeypatch.setenv("NEGMINE_CACHE", str(tmp_path / "another machine"))
    there = open_workdir(work.name)
    with there.hold():
        shutil.rmtree(there.cache("vectors"))
    assert work.store.get("README.txt") == OTHER
    assert "vectors/x" not in json.loads(work.store.get(FILES))["files"]


@pytest.mark.parametrize(
    "name",
    ["state.json", "writer.lock", "pull.lock", "copy.json", "x" * 300, "a\nb", 'a"b', ".lock"],
)
def test_no_name_of_a_work_directory_clashes_with_files_of_its_mirror(name, memory):  # noqa: F811
    work = open_workdir(f"{memory.address}/{name}")
    finish(work, ROWS, "0" * 16)
    assert read(open_workdir(work.name)) == list(ROWS)
    assert work.root.parent == work.mirror.base


@pytest.mark.parametrize(
    "name", ["memory://texts/..", "memory://texts/a/../b", "memory://..", "s3://../b"]
)
def test_no_address_leads_out_of_its_mirror(name):
    with pytest.raises(WorkdirError, match=r"knows no `\.\.`"):
        open_workdir(name)


@pytest.mark.parametrize("name", ["memory://", "s3://", "a_b://c", "~x://y", "zip::s3://a"])
def test_what_looks_like_an_address_is_no_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkdirError, match="names no bucket, or no kind of store"):
        open_workdir(name)
    with pytest.raises(WorkdirError, match="names no bucket, or no kind of store"):
        open_workdir(Path(name))
    assert not list(tmp_path.iterdir())


def test_a_folder_may_have_a_colon_in_its_name(tmp_path, monkeypatch):
    """pyarrow takes a relative path with a colon for an address."""
    monkeypatch.chdir(tmp_path)
    finish(open_workdir("run:1"), ROWS, "0" * 16)
    assert read(open_workdir("run:1")) == list(ROWS)
    assert (tmp_path / "run:1" / NAME).is_dir()
