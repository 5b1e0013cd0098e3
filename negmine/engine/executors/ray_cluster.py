"""The connection of a command to a Ray cluster. It begins with the first part that is to be made there."""

from __future__ import annotations

import importlib
import logging
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from negmine.config.addresses import Address
from negmine.config.secrets import redacted, shown_url
from negmine.engine.context import Context
from negmine.engine.executors.local import Executor, local
from negmine.engine.executors.ray_worker import Driver, versions
from negmine.engine.part_task import PartResult, PartTask
from negmine.engine.tasks import DRIVER
from negmine.errors import EngineError, MissingDependency, SettingsError
from negmine.storage.holders import holder_of

_ADDRESS = re.compile(r"\w+://\S+")
ANSWERS_S = 10.0  # seconds in which the head of a cluster takes a connection


@contextmanager
def on_cluster(context: Context) -> Iterator[Executor]:
    """Give an executor that makes parts on the cluster of --ray-address, while the block runs.

    When the block begins, it raises MissingDependency without Ray, and SettingsError for a work directory in
    this process' memory; at the first part EngineError, where the cluster cannot be reached.
    """
    _require_ray()
    if getattr(context.work.place, "scheme", "") == "memory":
        raise SettingsError(
            f"--engine ray cannot work in {context.work.name}: only this process sees it. Name a folder that "
            "all nodes share, or an address of an object store such as s3://bucket/work."
        )
    from negmine.engine.executors.ray_run import Pool

    with ExitStack() as connection:
        pools, session = list[Pool](), uuid4().hex

        def executor(tasks: Iterable[PartTask], side_by_side: int = 1) -> Iterator[PartResult]:
            waiting = list(tasks)
            if not waiting or waiting[0].place == DRIVER:
                yield from local(waiting, side_by_side)
                return
            if not pools:
                connection.enter_context(_connected(context.config.index.ray_address))
                pools.append(Pool(context))
            yield from pools[0].run(waiting, _driver(context, session))

        yield executor


def _require_ray() -> None:
    try:
        import ray  # noqa: F401
    except ImportError as error:
        raise MissingDependency(
            "--engine ray needs Ray, here and on every node: pip install 'negmine[ray]'."
        ) from error


def _driver(context: Context, session: str) -> Driver:
    place = context.work.place
    work = str(place if isinstance(place, Address) else place.absolute())
    return Driver(session, versions(), str(Path.cwd()), work, holder_of(work))


@contextmanager
def _connected(address: str) -> Iterator[None]:
    """Connect to the cluster while the block runs; a connection that the process has already stays.

    Raises EngineError where there is none at this address.
    """
    import ray

    if ray.is_initialized():
        yield
        return
    if address != "auto":
        _require_answer(address)
    how: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    before = signal.getsignal(signal.SIGTERM)
    try:
        with _replaced("utils", "get_entrypoint_name", _command_line):
            ray.init(address=address, namespace="negmine", **how)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise EngineError(_unreachable(address, error)) from error
    try:
        # Ray would call sys.exit, as if a library had ended the command. `ray job stop` sends this.
        _handle_sigterm(_interrupt if before == signal.SIG_DFL else before)
        # Ray has no switch for what it prints about dead workers to stdout, which is data. Our notes tell it.
        with _replaced("worker", "print_to_stdstream", lambda *args, **kwargs: None):
            yield
    finally:
        ray.shutdown()
        _handle_sigterm(before)


def _handle_sigterm(how: Any) -> None:
    if how is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, how)


def _interrupt(*of: object) -> None:
    """End the command as Ctrl-C does: it says how to go on, and releases the work directory."""
    raise KeyboardInterrupt


@contextmanager
def _replaced(module: str, name: str, function: Callable[..., Any]) -> Iterator[None]:
    """Have Ray call another function of ours while the block runs. Where its own is gone, nothing changes."""
    inside = importlib.import_module(f"ray._private.{module}")
    before: Any = getattr(inside, name, None)
    setattr(inside, name, function)
    try:
        yield
    finally:
        setattr(inside, name, before)


def _command_line() -> str:
    """Return the command as Ray shows it to everybody who sees the cluster: without secrets."""
    words = (_ADDRESS.sub(lambda match: shown_url(match[0]), word) for word in sys.argv)
    return redacted(" ".join(words))


def _require_answer(address: str) -> None:
    """Raise EngineError where nobody listens: Ray itself would try for minutes."""
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), ANSWERS_S).close()
    except (OSError, OverflowError) as error:
        raise EngineError(_unreachable(address, error)) from error


def _unreachable(address: str, error: Exception) -> str:
    where = "on this machine" if address == "auto" else f"at {address}"
    why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return (
        f"--engine ray: no Ray cluster answers {where} ({why}). The command runs on a machine of the cluster. "
        "To start one here: ray start --head. To join one: ray start --address HOST:6379."
    )
