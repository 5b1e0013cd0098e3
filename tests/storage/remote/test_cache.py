"""The cache: a limit of size, least recently used first, never what is in use, fetched once by two."""

import gc
import os
import subprocess
import sys
import time

import pytest

from negmine.errors import InputError, SettingsError
from negmine.storage.remote.cache import RECORD, cache_folder, cache_size, copy_of


def kept(name, size=400, version="1"):
    return copy_of(
        f"s3://b/{name}", version, size, name, lambda path: path.write_bytes(b"x" * size)
    )


def names(cache):
    return sorted(one.name for one in cache.glob("copies/*/*") if one.name != RECORD)


def age(held, seconds):
    then = time.time() - seconds
    os.utime(held.path.parent / RECORD, (then, then))


def test_what_was_not_used_longest_goes_first(cache, monkeypatch):
    monkeypatch.setenv("NEGMINE_CACHE_SIZE", "1500")
    for place, name in enumerate(("a", "b", "c")):
        age(kept(name, 380), 100 - place)
    kept("a", 380)  # used again
    gc.collect()
    kept("d", 380)
    assert "b" not in names(cache)
    assert {"a", "c", "d"} >= set(names(cache)) >= {"a", "d"}


def test_what_is_in_use_stays_and_what_does_not_fit_is_told(cache, monkeypatch):
    monkeypatch.setenv("NEGMINE_CACHE_SIZE", "1000")
    first, second = kept("a", 300), kept("b", 300)
    with pytest.raises(
        InputError, match=r"s3://b/c has .* are in use. Raise NEGMINE_CACHE_SIZE, now 1000"
    ):
        kept("c", 500)
    assert names(cache) == ["a", "b"]
    del first, second
    gc.collect()
    assert kept("c", 500).path.exists()


def test_a_copy_that_was_removed_or_cut_is_fetched_again(cache):
    held = kept("a")
    held.path.write_bytes(b"x")
    assert kept("a").path.stat().st_size == 400
    held = kept("a")
    held.path.unlink()
    assert kept("a").path.stat().st_size == 400


def test_a_fetch_that_fails_leaves_nothing(cache):
    def fails(path):
        path.write_bytes(b"half")
        raise InputError("no")

    with pytest.raises(InputError):
        copy_of("s3://b/a", "1", 8, "a", fails)
    assert names(cache) == []


def test_versions_are_copies_of_their_own(cache):
    assert kept("a", version="1").path != kept("a", version="2").path


def test_the_size_is_a_size(monkeypatch):
    monkeypatch.setenv("NEGMINE_CACHE_SIZE", "1.5 GB")
    assert cache_size() == 1_500_000_000
    monkeypatch.setenv("NEGMINE_CACHE_SIZE", "much")
    with pytest.raises(SettingsError, match="NEGMINE_CACHE_SIZE=much: say a size"):
        cache_size()


def test_the_folder_follows_xdg(monkeypatch, tmp_path):
    monkeypatch.delenv("NEGMINE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "negmine" / "remote"


PROGRAM = """
import sys, time
from pathlib import Path
from negmine.storage.remote.cache import copy_of
def fetch(path):
    with open(sys.argv[1], "a") as log:
        log.write("fetched\\n")
    time.sleep(1.0)
    path.write_bytes(b"x" * 10)
held = copy_of("s3://b/a", "1", 10, "a.jsonl", fetch)
print(held.path.read_bytes().decode())
"""


def test_two_processes_at_once_fetch_once(tmp_path, cache):
    log = tmp_path / "log"
    command = [sys.executable, "-c", PROGRAM, str(log)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [one.communicate(timeout=60)[0] for one in both] == ["x" * 10 + "\n"] * 2
    assert log.read_text() == "fetched\n"


def test_a_process_that_is_killed_while_it_fetches_leaves_no_copy(tmp_path, cache):
    program = PROGRAM.replace("time.sleep(1.0)", "path.write_bytes(b'xxx'); time.sleep(60)")
    one = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "log")])
    deadline = time.time() + 30
    while not list(cache.glob("copies/*/*.tmp")) and time.time() < deadline:
        time.sleep(0.05)
    one.kill()
    one.wait()
    held = copy_of("s3://b/a", "1", 10, "a.jsonl", lambda path: path.write_bytes(b"y" * 10))
    assert held.path.read_bytes() == b"y" * 10
    assert names(cache) == ["a.jsonl"]
