"""negmine in a process in which the operating system refuses at a counted step.

A step: below a folder, Python opens, renames, removes or lists something, or makes a folder. Python's audit
hooks count them, and raise the error in its place.
"""

import os

from tests.warm import run

FULL = os.environ.get("TORTURE") == "full"

SCRIPT = """
import itertools, os, sys
_, folder, last, number, *arguments = sys.argv
steps, here = itertools.count(1), os.path.join(folder, "")
EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.listdir", "os.scandir")

def watch(event, about):
    if event in EVENTS and isinstance(about[0], str) and about[0].startswith(here):
        if next(steps) == int(last):
            raise OSError(int(number), os.strerror(int(number)), about[0])

from negmine.cli.start import main
import negmine.api, negmine.analysis.report.report, negmine.stages.write.formats.registry
sys.argv = ["negmine", *arguments]
sys.addaudithook(watch)
try:
    main()
finally:
    print(next(steps) - 1, "steps", file=sys.stderr)
"""


def negmine(arguments, folder, last=0, number=0):
    """Run negmine; step `last` (0: none) below `folder` fails with the error `number`."""
    return run(SCRIPT, folder, last, number, *arguments)
