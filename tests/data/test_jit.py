"""Kernels are compiled once for all processes, and a damaged or unwritable cache stops none of them."""

import os
import shutil
import subprocess
import sys

import pytest

SCRIPT = """
import numba.core.event as event
import numpy as np
compiled = []

class Listener(event.Listener):
    def on_start(self, about):
        compiled.append(str(about.data["dispatcher"]))

    def on_end(self, about): ...

event.register("numba:compile", Listener())
from negmine.data.jit import read_only
from negmine.data.shingles.grams import shingles_of
from negmine.stages.filter.leak.kernel import kernel

words, ends = shingles_of(np.arange(9, dtype=np.uint64), np.array([0, 9]))
assert list(ends) == [0, 7]
leaked, got = np.zeros((1, 1), np.int16), np.zeros((1, 1), np.int16)
kernel()(
    np.array([0, 2]), np.ones(2, bool), np.zeros((2, 1), bool), np.zeros((1, 1), np.int64), np.ones(2, bool),
    np.ones((2, 4)), np.zeros((1, 2), np.uint64), 2, leaked, got, np.zeros((1, 4)),
)
assert (leaked[0, 0], got[0, 0]) == (2, 2)
print(len(compiled))
"""


def compiled(folder):
    """Return how many functions a process compiles, whose cache lies in a folder."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=os.environ | {"NUMBA_CACHE_DIR": str(folder)}, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    return int(done.stdout)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("numba") / "cache"
    assert compiled(folder) > 0
    return folder


def test_a_second_process_compiles_nothing(cache):
    assert compiled(cache) == 0


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("length", [0, 20])
def test_a_damaged_cache_is_compiled_anew(cache, tmp_path, ending, length):
    folder = shutil.copytree(cache, tmp_path / "cache")
    files = list(folder.rglob(f"*.{ending}"))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:length])
    assert compiled(folder) > 0
    assert compiled(folder) == 0
