"""What a worker gets of a node: processors, memory, GPUs; and how many workers there is room for."""

from __future__ import annotations

from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from negmine.config.memory import size_text
from negmine.config.resolved import ResolvedConfig
from negmine.engine.progress import Progress
from negmine.engine.tasks import MODEL
from negmine.errors import EngineError

THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS",
)  # fmt: skip


class Room:
    """What --workers, --gpus and --memory ask of a cluster."""

    def __init__(self, config: ResolvedConfig) -> None:
        self._config, self._gpus = config, config.index.gpus

    def of_task(self) -> dict[str, Any]:
        """Return what a task gets: one processor, and threads for no more. Ray tries nothing again: we do."""
        threads = {"env_vars": dict.fromkeys(THREADS, "1")}
        memory = self._config.memory_bytes
        return {"num_cpus": 1, "memory": memory, "max_retries": 0, "runtime_env": threads}

    def of_actor(self) -> dict[str, Any]:
        """Return what an actor gets that has a model: as a task, and GPUs."""
        how = self.of_task()
        del how["max_retries"]
        gpus = {"num_gpus": self._gpus} if self._gpus else {}
        return {**how, **gpus, "max_restarts": 0, "max_task_retries": 0}

    def here(self) -> NodeAffinitySchedulingStrategy:
        """Return where actors go that live and die with the driver."""
        return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)

    def workers(self, place: str) -> int:
        """Return how many parts are made at the same time."""
        if self._config.index.workers is not None:
            return self._config.index.workers
        return max(1, sum(self._fitting(node, place) for node in _nodes()))

    def note_lack(self, place: str, progress: Progress) -> None:
        """Note where no node has what a worker asks for: parts wait until one joins that has.

        Raises EngineError for GPUs of several kinds: the last bits of vectors and scores depend on the kind.
        """
        if place == MODEL and self._gpus:
            _require_one_kind()
        if not any(self._fitting(node, place) for node in _nodes()):
            gpus = f", {self._gpus:g} GPU" if place == MODEL and self._gpus else ""
            memory = size_text(self._config.memory_bytes)
            progress.note(
                f"no node of the cluster has what a worker asks for (1 CPU, {memory} of memory{gpus}): waiting "
                "for one that has. Else stop, and lower --memory or --gpus"
            )

    def _fitting(self, node: dict[str, Any], place: str) -> int:
        """Return how many workers a node has room for when it is empty."""
        has = node["Resources"]
        counts = [has.get("CPU", 0), has.get("memory", 0) // self._config.memory_bytes]
        if place == MODEL and self._gpus:
            counts.append(has.get("GPU", 0) / self._gpus)
        return int(min(counts))


def _nodes() -> list[dict[str, Any]]:
    every: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return [node for node in every if node["Alive"]]


def _require_one_kind() -> None:
    prefix = "accelerator_type:"
    kinds: dict[str, str] = {}
    for node in _nodes():
        for name in node["Resources"]:
            if name.startswith(prefix):
                kinds.setdefault(name.removeprefix(prefix), node["NodeManagerAddress"])
    if len(kinds) > 1:
        found = " and ".join(f"{kind} (node {address})" for kind, address in sorted(kinds.items()))
        raise EngineError(
            f"The cluster has GPUs of several kinds: {found}. Rows could differ in their last bits. Leave "
            "one kind in the cluster."
        )
