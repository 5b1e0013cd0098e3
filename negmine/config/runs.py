"""`--run NAME=FILE`: a finished run as a retriever, and the retrievers that the settings ask for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from negmine.config.addresses import as_address

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
WANTED = "give NAME=FILE, with a NAME of letters, digits and _, which its columns get"


class RunFile(NamedTuple):
    """One value of --run: the name of the retriever, and the file of its run."""

    name: str
    path: Path

    def __str__(self) -> str:
        return f"{self.name}={self.path}"


def is_run(value: str) -> bool:
    """Tell whether a text is NAME=FILE."""
    name, _, path = value.partition("=")
    return bool(_NAME.fullmatch(name) and path)


def run_file(value: str) -> RunFile:
    """Return name and file of NAME=FILE."""
    name, _, path = value.partition("=")
    place = as_address(path)
    return RunFile(name, place if isinstance(place, Path) else Path(place))


def check_runs(values: Sequence[str]) -> None:
    """Raise ValueError for what is not NAME=FILE, an address with keys, and a name that is there twice."""
    names = [value.partition("=")[0] for value in values]
    for value, name in zip(values, names, strict=True):
        if not is_run(value):
            raise ValueError(WANTED)
        as_address(value.partition("=")[2])
        if names.count(name) > 1:
            raise ValueError(f"the name {name} is given twice. Give each run its own")


def retriever_specs(retrievers: Sequence[str], runs: Sequence[str]) -> list[str]:
    """Return what each retriever is made from: those of --retriever, then the runs that it does not name.

    A run is NAME=FILE, at the place where --retriever has its NAME.
    """
    by_name = {run_file(value).name: value for value in runs}
    named = [by_name.pop(name, name) for name in retrievers]
    return [*named, *by_name.values()]
