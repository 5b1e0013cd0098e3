"""What runs on a machine of the cluster: it must be like the driver's, then it makes parts.

Tasks come as bytes, and are opened after the versions are compared.
"""

from __future__ import annotations

import importlib.metadata
import os
import pickle
import platform
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from negmine.config.secrets import redacted
from negmine.engine.executors.ray_progress import Relay
from negmine.engine.part_task import PartResult, PartTask
from negmine.errors import EngineError, NegmineError
from negmine.storage.chunks import share
from negmine.storage.holders import holder_of

PACKAGES = ("negmine", "polars", "numpy", "pyarrow", "numba", "torch")  # their versions are in rows


@dataclass(frozen=True)
class Driver:
    """What a worker has to know of the process that gave the command.

    session: of its connection to the cluster. folder: where it was given. work: the work directory, an absolute
    path or an address. holder: what its lock says of the process.
    """

    session: str
    versions: Mapping[str, str]
    folder: str
    work: str
    holder: str


def versions() -> dict[str, str]:
    """Return the versions of what rows depend on; of a package that is not installed, `none`."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "none"
    return found


class Worker:
    """Makes parts: in an actor, or in a process that runs tasks of any artifact."""

    def __init__(self, driver: Driver, board: Any) -> None:
        self._driver, self._relay, self._is_checked = driver, Relay(board), False

    def begin(self) -> None:
        """Return once there is a process; raise EngineError where this machine is not like the driver's."""
        if not self._is_checked:
            check(self._driver)
            share()
            self._is_checked = True

    def make(self, task: bytes, attempt: str) -> tuple[PartResult, str]:
        """Make a part; return what became of it, and the node. attempt: under which its progress is counted.

        Raises EngineError where this machine is not like the driver's; what making the part raises.
        """
        import ray

        self.begin()
        self._relay.attempt(attempt)
        wanted: PartTask = pickle.loads(task)
        try:
            result = wanted(self._relay)
        except BaseException as error:  # Ray writes it into its logs
            _forget_secrets(error)
            raise
        self._relay.finish()
        result = replace(result, notes=tuple(map(redacted, result.notes)))
        return result, ray.get_runtime_context().get_node_id()


def _forget_secrets(error: BaseException | None) -> None:
    """Cut the secrets of this machine out of an error and its causes: the driver does not know them."""
    seen = list[BaseException]()
    while error is not None and error not in seen:
        seen.append(error)
        error.args = tuple(redacted(one) if isinstance(one, str) else one for one in error.args)
        error = error.__cause__ or error.__context__


_workers: dict[str, Worker] = {}


def make(driver: Driver, board: Any, task: bytes, attempt: str) -> tuple[PartResult, str]:
    """Make a part in a process that outlives it: the next part finds open what this one has opened."""
    key = driver.session
    if key not in _workers:
        _workers.clear()
        _workers[key] = Worker(driver, board)
    return _workers[key].make(task, attempt)


def check(driver: Driver) -> None:
    """Raise EngineError, naming this machine, where it has other versions or another work directory."""
    here, own = f"node {node_name()}", versions()
    others = [
        f"{name} {own[name]}, the driver {wanted}"
        for name, wanted in driver.versions.items()
        if own[name] != wanted
    ]
    if others:
        raise EngineError(
            f"{here} has {'; '.join(others)}: rows could differ. "
            "Use one image, or one environment, for all nodes."
        )
    if Path(driver.folder).is_dir():
        os.chdir(driver.folder)  # names of files in the settings may be relative to it
    try:
        holder = holder_of(driver.work)
    except NegmineError as error:
        raise EngineError(
            f"{here} does not see the work directory of this command. {error}"
        ) from error
    if holder != driver.holder:
        raise EngineError(
            f"{here} does not see the work directory {driver.work} of this command. Put it in a folder that "
            "all nodes share under one name, such as an NFS mount, or at an address that means the same on "
            "all of them."
        )


def node_name() -> str:
    """Return how messages call this machine: its address in the cluster, else its name."""
    import ray.util

    try:
        return str(ray.util.get_node_ip_address())  # type: ignore[no-untyped-call]
    except (RuntimeError, OSError):
        return socket.gethostname()
