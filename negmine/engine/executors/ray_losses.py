"""What a cluster may lose, in words; and how often a part may be lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

from negmine.engine.part_task import PartTask
from negmine.engine.progress import Progress
from negmine.errors import EngineError

AGAIN = 3  # times that a lost part is made again


def losses() -> tuple[type[Exception], ...]:
    """Return the errors that say that the cluster lost a part: no fault of what made it."""
    from ray import exceptions as errors

    return (
        errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError, errors.RayActorError,
        errors.ObjectLostError, errors.TaskUnschedulableError,
    )  # fmt: skip


def how_lost(error: Exception) -> str:
    """Return in words how a part was lost."""
    from ray import exceptions as errors

    if getattr(error, "preempted", False):
        return "its node was taken back"
    if isinstance(error, errors.OutOfMemoryError):
        return "its node ran out of memory"
    if isinstance(error, errors.NodeDiedError):
        return "its node died"
    if "its node has died" in str(error):  # of an actor
        return "its node died"
    return "its worker died"


def cause_of(error: Any) -> BaseException:
    """Return what making a part raised on another machine, or what is wrong with that machine."""
    cause: BaseException = error.cause
    if isinstance(cause, ModuleNotFoundError):
        return EngineError(
            f"A node of the cluster has no module {cause.name!r}. Install there what is installed here: "
            "negmine with the same extras, and your own plug-ins."
        )
    return cause


class Losses:
    """Counts how often each part of an artifact was lost; a preemption is told, and not counted."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._times: Counter[tuple[int | None, int | None]] = Counter()

    def again(self, task: PartTask, error: Exception, done: int, wanted: int) -> None:
        """Report that a part is made again; raise EngineError where it was lost too often.

        done, wanted: parts of the artifact that this command has made, and was to make.
        """
        if getattr(error, "actor_init_failed", False):
            raise EngineError(f"A worker could not begin: {error}") from error
        why, which = how_lost(error), (task.number, task.piece)
        if not getattr(error, "preempted", False):
            self._times[which] += 1
        times = self._times[which]
        if times > AGAIN:
            raise EngineError(
                f"{task.artifact}: part {task.number} was lost {times} times; the last time {why}. {done:,} of "
                f"{wanted:,} parts are done, and kept. {_remedy(error)} Then run the same command again."
            ) from error
        self._progress.note(
            f"{task.artifact}: part {task.number} was lost: {why}. It is made again"
        )


def _remedy(error: Any) -> str:
    from ray import exceptions as errors

    if isinstance(error, errors.OutOfMemoryError):
        return "Give workers more room: lower --workers, --memory or --batch-size."
    return (
        "Look into the node's log (ray logs) for what ends its processes, often a lack of memory."
    )
