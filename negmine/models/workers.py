"""Encoding in several processes, one for each device. Results come back in the order of the batches.

So what is stored is always a beginning of the plan, as it is with one device, and a killed run goes on in
the same batches.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import cache, cached_property
from multiprocessing.connection import wait
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.errors import RetrieverError
from negmine.models.load import Model, Spec

T = TypeVar("T")
_AHEAD = 3  # batches per device that are handed out before they are asked for


class Workers:
    """A Machine of several devices; processes start when they are first needed."""

    def __init__(self, spec: Spec, devices: Sequence[str]) -> None:
        self._spec, self._devices = spec, devices

    @cached_property
    def _pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        free = context.SimpleQueue()
        for device in self._devices:
            free.put(device)
        on_cpu = self._devices.count("cpu")
        return ProcessPoolExecutor(
            len(self._devices), context, _begin, (self._spec, free, max(on_cpu, 1))
        )

    def lengths(self, texts: Sequence[str], prompt: str) -> NDArray[np.int64]:
        """Return tokens as the model reads them (see Machine)."""
        size = max(1, -(-len(texts) // len(self._devices)))
        shares = [texts[first : first + size] for first in range(0, len(texts), size)]
        parts = self._in_order(_lengths, [(share, prompt) for share in shares])
        return np.concatenate([np.empty(0, np.int64), *parts])

    def run(
        self, batches: Sequence[Sequence[str]], kind: str, prompt: str
    ) -> Iterator[tuple[Floats, int]]:
        """Yield the vectors of each batch (see Machine)."""
        return self._in_order(_encode, [(batch, kind, prompt) for batch in batches])

    def _in_order(
        self, task: Callable[..., T], arguments: Sequence[tuple[Any, ...]]
    ) -> Iterator[T]:
        """Yield what `task` returns for each of `arguments`, a few of them always under way."""
        waiting: deque[Future[T]] = deque()
        try:
            for given in arguments:
                waiting.append(self._pool.submit(task, *given))
                if len(waiting) >= _AHEAD * len(self._devices):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise RetrieverError(
                f"{self._spec.name}: a process of --devices {','.join(self._devices)} died (is "
                "memory short?). What was encoded is kept: run the same command again, with fewer "
                "devices if need be."
            ) from error
        finally:
            for future in waiting:
                future.cancel()


_model: Callable[[], Model]  # of a worker: loads the model, once


def _begin(spec: Spec, free: Any, on_cpu: int) -> None:
    """Make this process a worker for the next free device; the model is loaded with the first task."""
    global _model
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if on_cpu > 1:
        import torch

        torch.set_num_threads(max(1, torch.get_num_threads() // on_cpu))
    own = replace(spec, device=free.get())
    _model = cache(lambda: Model(own))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _lengths(texts: Sequence[str], prompt: str) -> NDArray[np.int64]:
    return _model().lengths(texts, prompt)


def _encode(texts: Sequence[str], kind: str, prompt: str) -> tuple[Floats, int]:
    return _model().encode(texts, kind, prompt)
