"""The dense retriever's part of the floor plan: vectors, a FAISS index over them, the run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from negmine.data import schemas
from negmine.engine.artifact import Artifact
from negmine.engine.tasks import Parts
from negmine.retrievers.dense import approximate
from negmine.retrievers.dense import tasks as doors
from negmine.retrievers.dense import vectors as dense
from negmine.stages.context import CORPUS, QRELS, QUERIES, House
from negmine.stages.index import tasks as index_doors


def vectors(house: House, found_by: tuple[str, ...] = ()) -> Iterable[Artifact]:
    """The vectors of all documents, or of those in the runs `found_by`; the FAISS index, if one is wanted."""
    index = house.settings.index
    yield Artifact(
        house.vectors, None, (CORPUS, QUERIES, QRELS, *found_by),
        lambda: dense.identity(index, house.digest),
        lambda: index_doors.dense_index(house, found_by),
        begun=lambda: index_doors.encoded(house, dense.encoders(index, house.digest)),
    )  # fmt: skip
    if index.index != approximate.FLAT:
        approximate.check(index.index, house.settings.retrieve.faiss_parameters)
        yield Artifact(
            house.faiss, None, (house.vectors,), lambda: {"index": index.index},
            lambda: doors.faiss_index(house),
        )  # fmt: skip


def searches(house: House) -> Iterable[Artifact]:
    """The run; beside an exact one what it looked at, before another what its FAISS index misses."""
    reads: tuple[str, ...] = (house.vectors, QUERIES, QRELS)
    settings = _how(house)
    exact = house.settings.index.index == approximate.FLAT
    if not exact:
        reads = (house.faiss, house.recall, *reads)
        yield Artifact(
            house.recall, schemas.RECALL, (house.faiss, house.vectors), lambda: settings,
            lambda: doors.recall(house), doors.count_recall,
        )  # fmt: skip

    def run() -> Parts:
        if not exact:
            doors.check_recall(house)
        return doors.run(house)

    yield Artifact(house.dense_run, schemas.RUN, reads, lambda: settings, run)
    if exact:
        yield Artifact(
            house.searched, schemas.SEARCHED, (house.vectors, QUERIES, QRELS), dict,
            lambda: doors.searched(house),
        )  # fmt: skip


def _how(house: House) -> dict[str, Any]:
    """Return what shapes the run: its depth, and how hard a FAISS index looks."""
    index, retrieve = house.settings.index, house.settings.retrieve
    if index.index == approximate.FLAT:
        return {"k": retrieve.k}
    return {
        "k": retrieve.k, "index": index.index, "nprobe": retrieve.nprobe,
        "ef_search": retrieve.ef_search,
    }  # fmt: skip
