"""Which executor --engine names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from negmine.engine.context import Context
from negmine.engine.executors.local import Executor
from negmine.engine.executors.ray_cluster import on_cluster


@contextmanager
def chosen(context: Context) -> Iterator[Executor | None]:
    """Give the executor of --engine while the block runs; None for `local`, which needs no beginning."""
    if context.config.index.engine == "local":
        yield None
        return
    with on_cluster(context) as executor:
        yield executor
