"""Doors of the dense retriever in room 2: its run, what it looked at, and what a FAISS index misses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.frames import table
from negmine.data.schemas import RECALL, SEARCHED
from negmine.engine.tasks import Folder, Parts, Stream, once
from negmine.errors import GateNotMet
from negmine.retrievers.dense import approximate
from negmine.retrievers.dense.earlier import Earlier
from negmine.retrievers.dense.search import Dense
from negmine.retrievers.registry import open_dense
from negmine.stages.context import House
from negmine.stages.retrieve import compute as retrieve

TRIED = 256  # queries on which a FAISS index is measured
AT_ONCE = 65_536


def run(house: House) -> Parts:
    """The run of the dense retriever; an exact one goes on from an earlier run."""
    work = _Run(house)
    return Parts(house.query_parts, work.part, finish=work.finish, threads=True)


def _open_earlier(house: House, dense: Callable[[], Dense]) -> Earlier | None:
    """Open the earlier run, if there is an exact one to go on from, and --force does not forbid it.

    A function, not a method: a run that held itself would hold the mapped vectors, too.
    """
    if house.force or house.settings.index.index != approximate.FLAT:
        return None
    found = Earlier(house, dense(), house.dense_run, house.searched)
    return found if found.usable else None


class _Run:
    def __init__(self, house: House) -> None:
        self._house = house
        self._searched: list[tuple[int, int]] = []  # queries of a part: in full, in new documents
        self._dense, self._one_at_a_time = once(lambda: open_dense(house)), Lock()
        self._earlier = once(partial(_open_earlier, house, self._dense))

    def part(self, number: int) -> pa.Table:
        """Return part `number` of the run."""
        house = self._house
        rows, known = house.queries(number).with_row_index("row"), house.known(number)
        k = house.settings.retrieve.k
        earlier = self._earlier()
        sure = retrieve.NOTHING if earlier is None else earlier.found(rows, known, k)
        rest = rows.join(sure.select("row"), on="row", how="anti").sort("row")
        groups = retrieve.by_depth(rest, known, k)
        found = pl.concat([sure, *(self._search(*group) for group in groups)])
        self._searched.append((rest.height, rows.height - rest.height))
        return retrieve.run(retrieve.in_order(found, sure.is_empty()), known, k)

    def _search(self, queries: pl.DataFrame, enough: NDArray[np.int64]) -> pl.DataFrame:
        depth = min(int(enough.max()), len(self._house.doc_ids))
        with self._one_at_a_time:  # a search takes all cores; what is made of it does not
            hits = self._dense().search(queries.to_arrow(), depth)
        return retrieve.found(
            hits, queries["query_id"], self._house.doc_ids, enough, queries["row"]
        )

    def finish(self) -> dict[str, Any]:
        """Say how many queries were looked up where."""
        in_full, in_new = np.array([(0, 0), *self._searched]).sum(axis=0).tolist()
        earlier = self._earlier()
        if earlier is not None and len(earlier.new):
            self._house.progress.note(
                f"{len(earlier.new):,} new documents: {in_new:,} of {in_new + in_full:,} queries were "
                f"looked up in them alone, {in_full:,} in all documents"
            )
        return {"searched": {"in_full": in_full, "in_new": in_new}}


def searched(house: House) -> Stream:
    """What the run looked at: id and vector's hash of every document and every query."""

    def tables() -> Iterator[pa.Table]:
        dense = open_dense(house)
        documents = house.doc_ids.gather(dense.positions)
        for what, ids in (("document", documents), ("query", dense.query_ids)):
            keys = dense.keys(what)
            rows = pl.DataFrame({"id": ids, "key": keys[:, 0], "key_2": keys[:, 1]})
            marked = rows.with_columns(what=pl.lit(what))
            yield from (table(some, SEARCHED) for some in marked.iter_slices(AT_ONCE))

    return Stream(tables())


def faiss_index(house: House) -> Folder:
    """A FAISS index over the vectors."""

    def make(folder: Path) -> dict[str, Any]:
        vectors = np.load(house.work.folder(house.vectors) / "documents.npy", mmap_mode="r")
        house.progress.total(len(vectors), "documents")
        return approximate.build(vectors, house.settings.index.index, folder, house.progress)

    return Folder(make)


def recall(house: House) -> Stream:
    """How many of the k best documents the FAISS index finds, for a sample of queries."""

    def tables() -> Iterator[pa.Table]:
        dense, k = open_dense(house), house.settings.retrieve.k
        rng = np.random.default_rng(approximate.SEED)
        count = len(dense.query_ids)
        chosen = np.sort(rng.choice(count, min(TRIED, count), replace=False))
        queries = pl.DataFrame({"query_id": dense.query_ids.gather(chosen)})
        asked = queries.to_arrow()
        right, given = (find(asked, k).docs for find in (dense.search_exactly, dense.search))
        rows = np.arange(len(right))[:, None] * (len(house.doc_ids) + 1)
        hit = np.isin(right + rows, given + rows) & (right >= 0)
        counts = {"found": hit.sum(axis=1), "wanted": (right >= 0).sum(axis=1)}
        yield table(queries.with_columns(**{n: pl.Series(v) for n, v in counts.items()}), RECALL)

    return Stream(tables())


def check_recall(house: House) -> None:
    """Say how much the FAISS index finds of what exact search finds; raise GateNotMet for too little."""
    factory, least = house.settings.index.index, house.settings.retrieve.min_recall
    found = house.work.require(house.recall).stats
    told = (
        f"--index {factory} finds {found['recall']:.4f} of the {house.settings.retrieve.k} best documents of "
        f"{found['queries']} queries"
    )
    if found["recall"] >= least:
        house.progress.note(told)
        return
    raise GateNotMet(
        f"{told}, less than --min-recall {least}. {_harder(factory)} another --index, or lower --min-recall."
    )


def _harder(factory: str) -> str:
    flags = {"IVF": "--nprobe", "HNSW": "--ef-search"}
    flag = next((flag for kind, flag in flags.items() if kind in factory.upper()), None)
    return "Choose" if flag is None else f"Raise {flag}, choose"


def count_recall(rows: pl.LazyFrame) -> dict[str, Any]:
    """Return the manifest's stats: recall, found over wanted, and of how many queries."""
    found = rows.select(pl.col("found").sum() / pl.col("wanted").sum(), queries=pl.len()).collect()
    return {"recall": found["found"].item(), "queries": found["queries"].item()}
