"""negmine in a process that kills itself at a counted step: no clock decides where it dies.

A step: below a folder, Python opens a file to write it, renames a file, or removes a file or a folder. Python's
audit hooks count them. The process dies before the step is done.
"""

import signal

from tests.warm import run

SCRIPT = """
import itertools, os, signal, sys
_, folder, last, prelude, *arguments = sys.argv
steps, here = itertools.count(1), os.path.join(folder, "")

def is_step(event, about):
    writes = event == "open" and isinstance(about[1], str) and about[1][0] in "wxa"
    return writes or event in ("os.rename", "os.remove", "shutil.rmtree")

def watch(event, about):
    if is_step(event, about) and str(about[0]).startswith(here) and next(steps) == int(last):
        os.kill(os.getpid(), signal.SIGKILL)

exec(prelude)
from negmine.cli.app import main
sys.argv = ["negmine", *arguments]
sys.addaudithook(watch)
try:
    main()
finally:
    print(next(steps) - 1, "steps", file=sys.stderr)
"""


def negmine(arguments, folder, last=0, prelude=""):
    """Run negmine and kill it before step `last` (0: never) below `folder`; run `prelude`, code, first."""
    return run(SCRIPT, folder, last, prelude, *arguments)


def was_killed(done):
    """Tell whether a process died by SIGKILL."""
    return done.returncode == -signal.SIGKILL


def steps(done):
    """Return how many steps a process took that was not killed."""
    return int(done.stderr.splitlines()[-1].removesuffix(" steps"))
