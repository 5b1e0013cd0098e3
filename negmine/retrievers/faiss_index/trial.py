"""A FAISS factory string is tried in a child process before it is used: some end the process, or never end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from negmine.errors import SettingsError, cut
from negmine.retrievers.faiss_index import trial_child

SECONDS = 40  # a trial may take; one of IVF or HNSW takes about one
LONGEST = 120  # characters of a factory string
CELLS, VECTORS, MOST_BITS = 16, 1_000, 12
NARROW = 64  # dimensions of a first trial
_ENDS, _LONG = "it ends the process", "it takes more than"
_TOO_FEW = "training points"  # FAISS' words where a trial is too small: the real work finds out


class Wanted(NamedTuple):
    """An index that a setting names.

    factory: FAISS' string. flag, instead: what messages call the setting, and its values that are no such
    strings. rows: what the vectors are of.
    """

    factory: str
    flag: str = "--index"
    instead: str = "flat, binary"
    rows: str = "documents"

    @property
    def remedy(self) -> str:
        """What to give in place of a string that does not work."""
        return f"Use {self.instead}, or a factory string such as IVF4096,Flat or HNSW32."


def check(wanted: Wanted, parameters: dict[str, int]) -> None:
    """Raise SettingsError for an index or parameter that FAISS does not have, before the width is known.

    parameters: by FAISS' names, such as {"nprobe": 64}.
    """
    factory, flag = wanted.factory, wanted.flag
    if len(factory) > LONGEST or not factory.isascii() or not factory.isprintable():
        raise SettingsError(
            f"{flag} {cut(factory, LONGEST)!r} is no factory string of FAISS. {wanted.remedy}"
        )
    if re.match(r"ID(Map|Map2),", factory):
        raise SettingsError(
            f"{flag} {factory}: leave IDMap out, negmine numbers the {wanted.rows} itself."
        )
    reason = _tried(factory, None, 0, ())
    if reason is not None and any(
        words in reason for words in ("parse", "METRIC_L2", _ENDS, _LONG)
    ):
        raise cannot(wanted, reason)
    if reason is not None:  # it may fit the width of the real vectors: `check_width` finds out
        return
    _check_parameters(factory, parameters)
    reason = _sample(factory, NARROW, VECTORS)
    if reason is not None and (_ENDS in reason or _LONG in reason):
        raise cannot(wanted, reason)


def _check_parameters(factory: str, parameters: dict[str, int]) -> None:
    for name, value in parameters.items():
        if _tried(factory, None, 0, ((name, value),)) is not None:
            flag = {"efSearch": "--ef-search"}.get(name, f"--{name}")
            raise SettingsError(
                f"{flag} {value}: this --index has no such setting. --nprobe is for IVF, "
                "--ef-search for HNSW."
            )


def check_width(wanted: Wanted, dims: int, vectors: int) -> None:
    """Try an index on a few random vectors of the real width. Raises SettingsError where it does not work."""
    reason = _sample(wanted.factory, dims, vectors)
    if reason is not None and _TOO_FEW not in reason:
        raise cannot(wanted, reason, dims)


def _sample(factory: str, dims: int, vectors: int) -> str | None:
    """Return why an index does not work for a few vectors, in as many cells as those fill."""
    bits = max((int(number) for number in re.findall(r"x(\d{1,2})(?!\d)", factory)), default=8)
    count = max(VECTORS, int(1.1 * 2 ** min(bits, MOST_BITS)))
    few = re.sub(r"IVF(\d+)", lambda match: f"IVF{_few(match[1])}", factory)
    return _tried(few, dims, min(count, vectors), ())


def _few(cells: str) -> str:
    """Return as many cells as a trial has vectors for."""
    return cells if len(cells) < 4 and int(cells) <= CELLS else str(CELLS)


def cannot(wanted: Wanted, reason: str, dims: int | None = None) -> SettingsError:
    """Return the error of a factory string that does not work. reason: FAISS' words, or what happened."""
    reason = cut(reason.rsplit(": ", 1)[-1].strip(), 200)
    if "METRIC_L2" in reason:
        reason = "it is for distances, not for inner products"
    width = "" if dims is None else f" for vectors of {dims} dimensions"
    return SettingsError(
        f"{wanted.flag} {wanted.factory}: FAISS cannot make such an index{width} ({reason}). {wanted.remedy}"
    )


@lru_cache
def _tried(
    factory: str, dims: int | None, count: int, parameters: tuple[tuple[str, int], ...]
) -> str | None:
    """Return why an index does not work; None where it does, or where a trial is not possible here."""
    wanted = {
        "factory": factory,
        "dims": dims,
        "count": count,
        "parameters": dict(parameters),
    }
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    program = [sys.executable, "-P", str(Path(trial_child.__file__))]
    try:
        done = subprocess.run(
            program, input=json.dumps(wanted), capture_output=True, text=True, timeout=SECONDS,
            env=os.environ | one_thread | {"CUDA_VISIBLE_DEVICES": ""},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{_LONG} {SECONDS} s for {max(count, 1):,} vectors"
    lines = done.stdout.splitlines()
    if "ready" not in lines or "done" in lines:
        return None
    failed = next((line for line in lines if line.startswith("failed: ")), None)
    return _end(done.returncode) if failed is None else failed.removeprefix("failed: ")


def _end(code: int) -> str:
    """Return how a process ended that said nothing."""
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"code {code}"
    return f"{_ENDS}, {name}"
