"""Make parts on the cluster: hand out tasks, take results, make lost parts again.

Rows never come here: a worker writes its part into the work directory, and returns a few numbers.
"""

from __future__ import annotations

import io
import pickle
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

import ray
from ray.exceptions import RayError, RayTaskError

from negmine.config.addresses import Address
from negmine.engine.context import Context
from negmine.engine.executors import ray_worker
from negmine.engine.executors.ray_drain import Drains
from negmine.engine.executors.ray_hands import Actors, Tasks
from negmine.engine.executors.ray_losses import Losses, cause_of, losses
from negmine.engine.executors.ray_progress import EVERY_S, Board, Shown
from negmine.engine.executors.ray_room import Room
from negmine.engine.part_task import PartResult, PartTask
from negmine.engine.tasks import TASK
from negmine.errors import EngineError

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
        hands = Tasks(workers, *args) if place == TASK else Actors(workers, *args)
        shown = Shown(self._board, self._progress)
        work = _Work(tasks, Losses(self._progress))
        try:
            while work.waiting or work.under_way:
                while work.waiting and hands.have_room(len(work.under_way)):
                    work.start(hands)
                shown.look()
                self._drains.look()
                for attempt, made in work.ended(hands.starting() if work.waiting else []):
                    if made is None:
                        shown.take_back(attempt.name)
                    hands.give_back(attempt.actor, made is None or made[1] in self._drains)
                    if made is not None:
                        yield made[0]
            shown.look(now=True)
        finally:
            hands.end(list(work.under_way))


class _Work:
    """The parts of an artifact: those that wait, and those under way."""

    def __init__(self, tasks: Sequence[PartTask], lost: Losses) -> None:
        self.waiting = deque(tasks)
        self.under_way: dict[Any, _Attempt] = {}
        self._lost, self._wanted, self._done = lost, len(tasks), 0

    def start(self, hands: Tasks | Actors) -> None:
        """Begin the next part."""
        task, name = self.waiting.popleft(), uuid4().hex
        reference, actor = hands.begin(as_bytes(task), name)
        self.under_way[reference] = _Attempt(name, task, actor)

    def ended(self, starting: Sequence[Any]) -> Iterator[tuple[_Attempt, _Made | None]]:
        """Yield the attempts that have ended within a second; one whose part was lost has no result.

        starting: what else there is to wait for.
        """
        ready, _ = ray.wait([*self.under_way, *starting], num_returns=1, timeout=EVERY_S)
        for reference in (one for one in ready if one in self.under_way):
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


def as_bytes(task: PartTask) -> bytes:
    """Return a task as workers open it: of addresses without user, password and query, which they do not need.

    Ray sends and keeps tasks unencrypted.
    """
    stream = io.BytesIO()
    _Pickler(stream).dump(task)
    return stream.getvalue()


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        return (Address, (str(value),)) if isinstance(value, Address) else NotImplemented
