"""Allocators are told before anybody allocates, and the user's own word stands."""

import os
import subprocess
import sys

import pytest

LOOK = (
    "from negmine.engine import allocators as frugal; frugal.settle(); import pyarrow; "
    "print(pyarrow.default_memory_pool().backend_name)"
)


@pytest.mark.parametrize(("said", "found"), [(None, "system"), ("mimalloc", "mimalloc")])
def test_arrow_takes_the_systems_memory_unless_told_otherwise(said, found):
    environment = {k: v for k, v in os.environ.items() if k != "ARROW_DEFAULT_MEMORY_POOL"}
    if said is not None:
        environment["ARROW_DEFAULT_MEMORY_POOL"] = said
    command = [sys.executable, "-c", LOOK]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found


def test_the_command_line_tells_them_before_it_loads_a_package_that_allocates():
    look = (
        "import sys; from negmine.cli import app as cli; from negmine.engine import allocators as frugal\n"
        "def told(): print(sorted({'polars', 'pyarrow', 'numpy'} & sys.modules.keys()))\n"
        "frugal.settle = told\n"
        "sys.argv = ['negmine', '--version']; cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "[]"


def test_what_is_large_is_given_back_when_it_is_freed():
    if not sys.platform.startswith("linux"):
        pytest.skip("looks at Linux's /proc")
    look = (
        "from negmine.engine import allocators as frugal; frugal.settle()\n"
        "import numpy as np\n"
        "def resident(): return int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "before = resident()\n"
        "for _ in range(3):\n"
        "    kept = [np.ones(1 << 18) for _ in range(50)]\n"  # 2 MiB each
        "    del kept\n"
        "print(resident() - before)"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 20 << 20
