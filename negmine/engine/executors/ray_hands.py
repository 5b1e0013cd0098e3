"""Who makes parts on the cluster: tasks, in any process that is free; or actors, which each have a model."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from negmine.engine.executors import ray_worker
from negmine.engine.executors.ray_losses import AGAIN, cause_of, how_lost, losses
from negmine.engine.executors.ray_room import Room
from negmine.errors import EngineError

_TO_END_S = 5.0  # seconds that workers have to end after an error


class Tasks:
    """Parts as tasks: in any process of the cluster that is free. A few wait there, so that none is idle."""

    def __init__(self, workers: int, room: Room, driver: ray_worker.Driver, board: Any) -> None:
        self._most = 2 * workers
        function: Any = ray.remote(ray_worker.make)
        self._make = function.options(**room.of_task())
        self._given = (driver, board)

    def have_room(self, under_way: int) -> bool:
        """Tell whether another part may begin."""
        return under_way < self._most

    def starting(self) -> list[Any]:
        """Return references to wait for: none, since processes start by themselves."""
        return []

    def begin(self, task: bytes, attempt: str) -> tuple[Any, None]:
        """Begin a part; return the reference of its result."""
        return self._make.remote(*self._given, task, attempt), None

    def give_back(self, actor: None, is_gone: bool) -> None:
        """Ray has the process already."""

    def end(self, under_way: Sequence[Any]) -> None:
        """End what is under way, before anybody removes what it writes."""
        for reference in under_way:
            with suppress(RayError, ValueError):
                ray.cancel(reference, force=True)
        _wait_for(under_way)


class Actors:
    """Parts in actors, one at a time in each: a model loads once in an actor.

    An actor gets a part when its process is there: one that waits for a node keeps no part from the others.
    """

    def __init__(self, workers: int, room: Room, driver: ray_worker.Driver, board: Any) -> None:
        worker: Any = ray.remote(ray_worker.Worker)
        self._class, self._given = worker.options(**room.of_actor()), (driver, board)
        self._free: deque[Any] = deque()
        self._actors: list[Any] = []
        self._starting: dict[Any, Any] = {}
        self._left = AGAIN + workers  # actors that may be lost before they have begun
        for _ in range(workers):
            self._start()

    def have_room(self, under_way: int) -> bool:
        """Tell whether another part may begin."""
        self._look()
        return bool(self._free)

    def starting(self) -> list[Any]:
        """Return references to wait for: of actors that wait for a process."""
        return list(self._starting)

    def begin(self, task: bytes, attempt: str) -> tuple[Any, Any]:
        """Begin a part; return the reference of its result, and the actor."""
        actor = self._free.popleft()
        return actor.make.remote(task, attempt), actor

    def give_back(self, actor: Any, is_gone: bool) -> None:
        """Let an actor make another part; a new one comes in place of one that is lost, or whose node ends."""
        if is_gone:
            self._replace(actor)
        else:
            self._free.append(actor)

    def end(self, under_way: Sequence[Any]) -> None:
        """Let go of all actors, and of their GPUs."""
        for actor in self._actors:
            with suppress(RayError):
                ray.kill(actor)
        _wait_for(under_way)

    def _start(self) -> None:
        actor = self._class.remote(*self._given)
        self._actors.append(actor)
        self._starting[actor.begin.remote()] = actor

    def _replace(self, actor: Any) -> None:
        with suppress(RayError):
            ray.kill(actor)
        self._actors.remove(actor)
        self._start()

    def _look(self) -> None:
        """Take in the actors that have begun. Raise EngineError where too many are lost before, or differ."""
        if not self._starting:
            return
        ready, _ = ray.wait(list(self._starting), num_returns=len(self._starting), timeout=0)
        for reference in ready:
            actor = self._starting.pop(reference)
            try:
                ray.get(reference)
                self._free.append(actor)
            except losses() as error:
                self._left -= 1
                if self._left < 0 or getattr(error, "actor_init_failed", False):
                    raise EngineError(
                        f"Workers cannot begin: {how_lost(error)}. {error}"
                    ) from error
                self._replace(actor)
            except RayTaskError as error:
                raise cause_of(error) from error


def _wait_for(under_way: Sequence[Any]) -> None:
    if under_way:
        ray.wait(list(under_way), num_returns=len(under_way), timeout=_TO_END_S)
