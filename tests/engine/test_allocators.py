"""Allocators are set before a package allocates, and the user's environment wins."""

import os
import subprocess
import sys

import pytest

SETTLE = "from negmine.engine import allocators; allocators.settle()\n"
POOL = SETTLE + "import pyarrow; print(pyarrow.default_memory_pool().backend_name)"


def printed(code, **environment):
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=environment or None, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize(("given", "pool"), [(None, "system"), ("mimalloc", "mimalloc")])
def test_arrow_takes_the_systems_memory_unless_the_environment_says_otherwise(given, pool):
    environment = {k: v for k, v in os.environ.items() if k != "ARROW_DEFAULT_MEMORY_POOL"}
    if given is not None:
        environment["ARROW_DEFAULT_MEMORY_POOL"] = given
    assert printed(POOL, **environment) == pool


def test_the_command_line_sets_them_before_it_loads_a_package_that_allocates():
    look = (
        "import sys; from negmine.cli import app; from negmine.engine import allocators\n"
        "def loaded(): print(sorted({'polars', 'pyarrow', 'numpy'} & sys.modules.keys()))\n"
        "allocators.settle = loaded\n"
        "sys.argv = ['negmine', '--version']; app.main()"
    )
    assert printed(look).splitlines()[0] == "[]"


RESIDENT = (
    SETTLE + "import numpy as np\n"
    "def resident(): return int(open('/proc/self/statm').read().split()[1]) * 4096\n"
    "before = resident()\n"
    "def use():\n"
    "    kept = [np.ones(1 << 18) for _ in range(50)]\n"  # 2 MiB each
)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at Linux's /proc")
def test_large_memory_is_given_back_when_it_is_freed():
    assert (
        int(printed(RESIDENT + "for _ in range(3): use()\nprint(resident() - before)")) < 20 << 20
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at Linux's /proc")
def test_a_model_keeps_freed_memory_until_it_is_given_back():
    code = (
        RESIDENT + "allocators.keep(); use(); kept = resident() - before\n"
        "allocators.give_back(); print(kept, resident() - before)"
    )
    kept, left = map(int, printed(code).split())
    assert kept > 80 << 20
    assert left < 20 << 20
