"""Make parts on the cluster: hand out tasks, take results, make lost parts again.

Rows never come here: a worker writes its part into the work directory, and returns a few numbers.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import uuid4

import ray
from ray.exceptions import RayError, RayTaskError

from negmine.engine.context import Context
from negmine.engine.executors import ray_worker
from negmine.engine.executors.ray_drain import Drains
from negmine.engine.executors.ray_losses import Losses, cause_of, losses
from negmine.engine.executors.ray_progress import EVERY_S, Board, Shown
from negmine.engine.executors.ray_room import Room
from negmine.engine.part_task import PartResult, PartTask
from negmine.engine.tasks import TASK
from negmine.errors import EngineError

_TO_END_S = 5.0  # seconds that workers have to end after an error


_Made = tuple[PartResult, str]  # and the node that made the part


class _Attempt(NamedTuple):
    """A part under way. actor: which makes it; none for a task."""

    name: str
    task: PartTask
    actor: Any


class Pool:
    """Runs tasks on the cluster that this process is connected to."""

    def __init__(self, context: Context) -> None:
        self._progress, self._room = context.progress, Room(context.config)
        here = self._room.here()
        self._drains = Drains(context.progress)
        self._board = ray.remote(Board).options(num_cpus=0, scheduling_strategy=here).remote()

    def run(self, tasks: Sequence[PartTask], driver: ray_worker.Driver) -> Iterator[PartResult]:
        """Make these parts, of one artifact; yield what became of each."""
        place = tasks[0].place
        self._room.note_lack(place, self._progress)
        workers = min(self._room.workers(place), len(tasks))
        args = (self._room, driver, self._board)
        hands = _Tasks(workers, *args) if place == TASK else _Actors(workers, *args)
        shown = Shown(self._board, self._progress)
        work = _Work(tasks, Losses(self._progress))
        try:
            while work.waiting or work.under_way:
                while work.waiting and len(work.under_way) < hands.most:
                    work.start(hands)
                shown.look()
                self._drains.look()
                for attempt, made in work.ended():
                    if made is None:
                        shown.take_back(attempt.name)
                    hands.give_back(attempt.actor, made is None or made[1] in self._drains)
                    if made is not None:
                        yield made[0]
            shown.look(now=True)
        finally:
            hands.end(list(work.under_way))


class _Tasks:
    """Parts as tasks: in any process of the cluster that is free. A few wait there, so that none is idle."""

    def __init__(self, workers: int, room: Room, driver: ray_worker.Driver, board: Any) -> None:
        self.most = 2 * workers
        function: Any = ray.remote(ray_worker.make)
        self._make = function.options(**room.of_task())
        self._given = (driver, board)

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


class _Actors:
    """Parts in actors, one at a time in each: a model loads once in an actor."""

    def __init__(self, workers: int, room: Room, driver: ray_worker.Driver, board: Any) -> None:
        self.most = workers
        worker: Any = ray.remote(ray_worker.Worker)
        self._class = worker.options(**room.of_actor())
        self._given = (driver, board)
        self._actors = [self._class.remote(*self._given) for _ in range(workers)]
        self._free = deque(self._actors)

    def begin(self, task: bytes, attempt: str) -> tuple[Any, Any]:
        """Begin a part; return the reference of its result, and the actor."""
        actor = self._free.popleft()
        return actor.make.remote(task, attempt), actor

    def give_back(self, actor: Any, is_gone: bool) -> None:
        """Let an actor make another part; a new one comes in place of one that is lost, or whose node ends."""
        if is_gone:
            with suppress(RayError):
                ray.kill(actor)
            self._actors.remove(actor)
            actor = self._class.remote(*self._given)
            self._actors.append(actor)
        self._free.append(actor)

    def end(self, under_way: Sequence[Any]) -> None:
        """Let go of all actors, and of their GPUs."""
        for actor in self._actors:
            with suppress(RayError):
                ray.kill(actor)
        _wait_for(under_way)


class _Work:
    """The parts of an artifact: those that wait, and those under way."""

    def __init__(self, tasks: Sequence[PartTask], lost: Losses) -> None:
        self.waiting = deque(tasks)
        self.under_way: dict[Any, _Attempt] = {}
        self._lost, self._wanted, self._done = lost, len(tasks), 0

    def start(self, hands: _Tasks | _Actors) -> None:
        """Begin the next part."""
        task, name = self.waiting.popleft(), uuid4().hex
        reference, actor = hands.begin(pickle.dumps(task), name)
        self.under_way[reference] = _Attempt(name, task, actor)

    def ended(self) -> Iterator[tuple[_Attempt, _Made | None]]:
        """Yield the attempts that have ended within a second; one whose part was lost has no result."""
        ready, _ = ray.wait(list(self.under_way), num_returns=1, timeout=EVERY_S)
        for reference in ready:
            attempt = self.under_way.pop(reference)
            result = self._result(reference, attempt.task)
            if result is None:
                self.waiting.appendleft(attempt.task)
            yield attempt, result

    def _result(self, reference: Any, task: PartTask) -> _Made | None:
        """Return what became of a part; none where it was lost. Raise what making it raised."""
        try:
            result: _Made = ray.get(reference)
        except losses() as error:
            self._lost.again(task, error, self._done, self._wanted)
            return None
        except RayTaskError as error:  # the user's, or a bug: never tried again
            raise cause_of(error) from error
        except RayError as error:
            raise EngineError(
                f"{task.artifact}: Ray could not make part {task.number}: {error}"
            ) from error
        self._done += 1
        return result


def _wait_for(under_way: Sequence[Any]) -> None:
    if under_way:
        ray.wait(list(under_way), num_returns=len(under_way), timeout=_TO_END_S)
