"""Temporary folders of the tests lie in memory, where there is space: syncing to a disk is half of their time.

TMPDIR names another place; what it holds stays after a failure.
"""

import os
import shutil
import tempfile
from pathlib import Path

SHARED_MEMORY, NEEDED = (
    Path("/dev/shm"),
    6 * 2**30,
)  # bytes; the whole suite leaves about 2 GB behind


def folder_in_memory():
    """Make temporary folders of this process and its children in memory; return what removes them at the end.

    None where TMPDIR says where, as in a child, or where there is not enough memory.
    """
    if "TMPDIR" in os.environ or not os.access(SHARED_MEMORY, os.W_OK):
        return None
    if min(shutil.disk_usage(SHARED_MEMORY).free, available()) < NEEDED:
        return None
    folder = tempfile.TemporaryDirectory(dir=SHARED_MEMORY, prefix="negmine-")
    os.environ["TMPDIR"] = tempfile.tempdir = folder.name
    return folder


def available():
    """Return the bytes of memory that programs can have."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
