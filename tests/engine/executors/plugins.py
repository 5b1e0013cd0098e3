"""Scorers that tell what happens to them, in files of the folder that they get by the environment."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from negmine.errors import ScorerError

DIES = "the-first-call-of-an-encoder-kills"  # a file in the folder
HELD = "scorers-are-held"  # as long as this file is there
LONGEST = 240  # seconds that anybody waits


def folder():
    """Return where scorers leave their marks: beside the work directory of the command, where it was given."""
    return Path.cwd() / "marks"


def mark_of(artifact, part):
    """Return the file that says that a part kills the process which makes it (hook.py)."""
    return folder() / f"{artifact.replace('/', '+')}-{part}-kills"


def mark(kind):
    """Leave a mark; return how many of its kind there are now."""
    folder().mkdir(exist_ok=True)
    (folder() / f"{kind}-{os.getpid()}-{time.time_ns()}").touch()
    return len(marks(kind))


def marks(kind):
    """Return the marks of a kind: names of files."""
    return sorted(path.name for path in folder().glob(f"{kind}-*"))


def callers():
    """Return the process of each call of a scorer."""
    return [name.split("-")[1] for name in marks("call")]


def wait_until(is_so):
    """Wait for something to be so; raise AssertionError where that takes too long."""
    until = time.monotonic() + LONGEST
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


class Counting:
    """Likes long documents; marks each load and each call."""

    def __init__(self):
        mark("load")

    def score(self, queries, documents):
        mark("call")
        return np.array([len(document) for document in documents], np.float32)


class Dying(Counting):
    """Its process is killed in the first call of all."""

    kills = 1

    def score(self, queries, documents):
        if mark("call") <= self.kills:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.array([len(document) for document in documents], np.float32)


class AlwaysDying(Dying):
    """Its process is killed in every call."""

    kills = 10**6


class Mistaken(Counting):
    """A user's mistake."""

    def score(self, queries, documents):
        mark("call")
        raise ScorerError("the scorer has no weights for Burmese")


class Buggy(Counting):
    """A bug."""

    def score(self, queries, documents):
        mark("call")
        return [][3]


class Held(Counting):
    """Ends no part while a test holds it, so that something can happen in one."""

    def score(self, queries, documents):
        values = super().score(queries, documents)
        wait_until(lambda: not (folder() / HELD).exists())
        return values
