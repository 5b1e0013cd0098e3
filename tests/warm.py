"""Processes that start warm: one process imports what takes seconds, and each new process is a fork of it.

A fork is a process of its own in every other way: it can be killed, waits for its threads, runs its exit
handlers, and ends with an exit code. It does not take its modules down, which takes seconds. polars is imported
but has computed nothing before the fork: it starts threads for that, which a fork would not have.

What a module reads from the environment or the terminal while it is imported is that of the first process:
tests of such things start one of their own.
"""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

MOST_SECONDS = 300  # of a process: after them, it is killed by SIGALRM
FORKING = """
import atexit, json, os, signal, sys, threading, traceback
import numba, scipy.sparse, sklearn.linear_model, sentence_transformers, matplotlib.backends.backend_svg
from negmine.engine import allocators

numba.njit(lambda: 0)()  # loads what numba registers for its first function
allocators.settle()
import negmine.api, negmine.cli.app, negmine.analysis.report.report, negmine.stages.write.formats.registry
if os.path.isdir("/proc/self/task"):
    threads = {open(f"/proc/self/task/{number}/comm").read() for number in os.listdir("/proc/self/task")}
    assert "polars-0\\n" not in threads, "polars has computed something before the fork"

for line in sys.stdin:
    process = json.loads(line)
    child = os.fork()
    if not child:
        break
    print(os.waitpid(child, 0)[1], flush=True)
else:
    sys.exit()

signal.alarm(process["seconds"])
os.environ.clear()
os.environ.update(process["environment"])
os.chdir(process["folder"])
sys.path[0], sys.argv = "", ["-c", *process["words"]]
sys.path[1:1] = os.environ.get("PYTHONPATH", "").split(os.pathsep)
for number, name, mode in ((0, os.devnull, "r"), (1, process["out"], "w"), (2, process["err"], "w")):
    with open(name, mode) as file:
        os.dup2(file.fileno(), number)
code = 0
try:
    exec(compile(process["script"], "<string>", "exec"), {"__name__": "__main__"})
except SystemExit as end:
    code = end.code
except BaseException:
    traceback.print_exc()
    code = 1
threading._shutdown()
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code or 0)
"""
COMMAND = """
import sys
from negmine.cli.start import main
sys.argv[0] = "negmine"
main()
"""


@functools.cache
def _forking():
    """Start the process whose forks are the others; it ends with this one."""
    return subprocess.Popen(
        [sys.executable, "-c", FORKING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def run(script, *words, cwd=None):
    """Run a Python script with words and return how it ended: a `CompletedProcess` with stdout and stderr."""
    server = _forking()
    with TemporaryDirectory(prefix="negmine-warm-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = {
            "script": script,
            "words": [str(word) for word in words],
            "environment": dict(os.environ),
            "folder": str(cwd or Path.cwd()),
            "out": str(out),
            "err": str(err),
            "seconds": MOST_SECONDS,
        }
        print(json.dumps(process), file=server.stdin, flush=True)
        status = int(server.stdout.readline())
        code = os.waitstatus_to_exitcode(status)
        return subprocess.CompletedProcess(words, code, out.read_text(), err.read_text())


def negmine(*arguments, cwd=None):
    """Run the command line with arguments; return how it ended, with stdout and stderr as text."""
    return run(COMMAND, *arguments, cwd=cwd)
