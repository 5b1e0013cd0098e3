"""Tasks of the dense retriever: vectors, an index and what it misses, the run and what it searched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.dense import NAME, DenseModel
from negmine.config.settings.index import BINARY, FLAT
from negmine.data.frames import table
from negmine.data.schemas import SEARCHED
from negmine.engine.context import Context
from negmine.engine.progress import OnlyNotes
from negmine.engine.tasks import MODEL, TASK, Folder, Made, Parts, Pieces, Steps, Stream, once
from negmine.retrievers import recall as measured
from negmine.retrievers import runs as rows_of_runs
from negmine.retrievers import scope, shards
from negmine.retrievers.dense import binary, given, names
from negmine.retrievers.dense import vectors as stored
from negmine.retrievers.dense.earlier import Earlier
from negmine.retrievers.dense.encoded import check_sizes, note_similarity, own_encoders
from negmine.retrievers.dense.int8 import open_documents
from negmine.retrievers.dense.open import open_dense
from negmine.retrievers.dense.search import Dense
from negmine.retrievers.encoding import Encoding
from negmine.retrievers.faiss_index import build
from negmine.retrievers.faiss_index.trial import Wanted
from negmine.retrievers.search import in_pieces
from negmine.storage.files import write_array
from negmine.storage.layout import CORPUS, QUERIES

TRIED = 256  # queries on which an index is measured
AT_ONCE = 65_536


def vectors(context: Context, model: DenseModel, runs: Sequence[str]) -> Folder:
    """Vectors of documents and queries by a model, or brought along.

    runs: with any, only documents that they found, and positives, are encoded. What a model encodes that is no
    endpoint's is encoded in steps before.
    """
    index, work, corpus = context.config.index, context.work, context.corpus
    chosen = once(partial(scope.positions, context, runs)) if runs else None

    def check_count() -> None:
        if index.index != FLAT:
            count = sum(corpus.part_documents()) if chosen is None else len(chosen())
            build.check_size(Wanted(index.index), count)

    def make(folder: Path) -> dict[str, Any]:
        if index.on_error == "stop":  # else rows were skipped, and fewer are expected
            documents, queries = (work.require(name).rows for name in (CORPUS, QUERIES))
            given.check_rows(index, documents, queries, work.remote)
        check_count()
        positions = None if chosen is None else chosen()
        if positions is not None:
            write_array(folder / scope.POSITIONS, positions)
        return stored.build(
            lambda: corpus.documents(positions),
            context.queries.tables,
            folder,
            model,
            index,
            work,
            context.progress if steps is None else OnlyNotes(context.progress),
        )

    steps = _steps(context, model, chosen, check_count)
    return Folder(make, steps)


def _steps(
    context: Context,
    model: DenseModel,
    chosen: Callable[[], NDArray[np.int64]] | None,
    check_count: Callable[[], None],
) -> Steps | None:
    """Return the steps that encode; None for vectors that are brought along, or come from an endpoint."""
    index = context.config.index
    if index.document_vectors is not None or index.model_url is not None:
        return None
    both = own_encoders(model, index, context.work.digest)
    note_similarity(model, both, index, context.progress)

    def before() -> None:
        check_count()
        check_sizes(model, both)

    return Encoding(context, names.vectors(index, model), both, chosen, before).steps()


def run(context: Context, model: DenseModel) -> Parts:
    """The run; an exact one goes on from an earlier run."""
    if context.config.index.index != FLAT:
        _check_recall(context, model)
    work = _Run(context, model)
    place = MODEL if context.config.index.gpus else TASK  # a GPU searches, too
    parts = context.queries.parts()
    return Parts(
        parts, work.part, finish=work.finish, threads=True, place=place, pieces=work.pieces()
    )


def _open_earlier(
    context: Context, model: DenseModel, dense: Callable[[], Dense]
) -> Earlier | None:
    """Open the earlier run, if there is an exact one to go on from, and --force does not forbid it.

    A function, not a method: a run that held itself would hold the mapped vectors, too.
    """
    config = context.config
    if context.force or config.index.index != FLAT:
        return None
    earlier = Earlier(context, model, dense())
    return earlier if earlier.usable else None


class _Run:
    def __init__(self, context: Context, model: DenseModel) -> None:
        self._context = context
        self._dense, self._one_at_a_time = once(lambda: open_dense(context, model)), Lock()
        self._earlier = once(partial(_open_earlier, context, model, self._dense))

    def part(self, number: int) -> Made:
        """Return part `number` of the run, and how many queries were searched where."""
        context = self._context
        rows = context.queries.mined(number).with_row_index("row")
        positives, k = context.queries.positives(number), context.config.retrieve.k
        earlier = self._earlier()
        sure = rows_of_runs.NO_HITS if earlier is None else earlier.hits(rows, positives, k)
        rest = rows.join(sure.select("row"), on="row", how="anti").sort("row")
        groups = rows_of_runs.by_depth(rest, positives, k)
        hits = pl.concat([sure, *(self._search(*group) for group in groups)])
        stats = {
            "in_full": rest.height,
            "in_new": rows.height - rest.height,
            "new_documents": 0 if earlier is None else len(earlier.new),
        }
        ordered = rows_of_runs.in_order(hits, sure.is_empty())
        return Made(rows_of_runs.run(ordered, positives, k), stats)

    def pieces(self) -> Pieces:
        """Return how parts are merged of what shards find; not where the run goes on from an earlier one."""
        searched, earlier = in_pieces(self._context, self._dense), self._earlier

        def merge(part: int, pieces: Sequence[pl.DataFrame]) -> Made:
            queries = self._context.queries.mined(part).height
            stats = {"in_full": queries, "in_new": 0, "new_documents": 0}
            return Made(searched.merge(part, pieces), stats)

        return Pieces(lambda: 0 if earlier() else searched.count(), searched.make, merge)

    def _search(self, queries: pl.DataFrame, depths: NDArray[np.int64]) -> pl.DataFrame:
        with self._one_at_a_time:  # a search takes all cores
            return shards.hits(self._dense(), queries, int(depths.max()), depths).drop("doc")

    def finish(self, stats: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return how many queries were searched in all documents, and how many only in new ones."""
        in_full, in_new = (sum(part[name] for part in stats) for name in ("in_full", "in_new"))
        new = max((part["new_documents"] for part in stats), default=0)
        if new:
            self._context.progress.note(
                f"{new:,} new documents: {in_new:,} of {in_new + in_full:,} queries were "
                f"searched in them alone, {in_full:,} in all documents"
            )
        return {"searched": {"in_full": in_full, "in_new": in_new}}


def searched(context: Context, model: DenseModel) -> Stream:
    """What the run searched: id and vector's hash of every document and every query."""

    def tables() -> Iterator[pa.Table]:
        dense = open_dense(context, model)
        documents = context.corpus.doc_ids().gather(dense.positions)
        for what, ids in (("document", documents), ("query", dense.query_ids)):
            keys = dense.keys(what)
            rows = pl.DataFrame({"id": ids, "key": keys[:, 0], "key_2": keys[:, 1]})
            marked = rows.with_columns(what=pl.lit(what))
            yield from (table(some, SEARCHED) for some in marked.iter_slices(AT_ONCE))

    return Stream(tables())


def index_over(context: Context, model: DenseModel) -> Folder:
    """A FAISS index over the vectors, or their bits."""

    def make(folder: Path) -> dict[str, Any]:
        index, progress, work = context.config.index, context.progress, context.work
        vectors = work.require(names.vectors(index, model))
        is_unit = bool(vectors.stats.get("normalised", True))
        documents = open_documents(work.opened(vectors.artifact), None, is_unit)
        progress.total(len(documents), "documents")
        if index.index == BINARY:
            return binary.build(documents, folder, progress)
        shards = context.config.shards(len(documents))
        made = build.build(documents, Wanted(index.index), folder, progress, shards=shards)
        return {"documents": len(documents), **made}

    return Folder(make)


def recall(context: Context, model: DenseModel) -> Stream:
    """How many of the k best documents the index finds, for a sample of queries."""

    def tables() -> Iterator[pa.Table]:
        dense, k = open_dense(context, model), context.config.retrieve.k
        queries = measured.sample(dense.query_ids, TRIED)
        asked = queries.to_arrow()
        right, proposed = (search(asked, k) for search in (dense.search_exactly, dense.search))
        yield measured.rows(queries, right, proposed, len(context.corpus))

    return Stream(tables())


def _check_recall(context: Context, model: DenseModel) -> None:
    """Report how much the index finds of what exact search finds; raise GateNotMet for too little."""
    index = context.config.index
    whose = "" if model.name == NAME else f" of {model.name}"
    remedy = f"{_remedy(index.index)} another --index"
    measured.check(context, names.recall(index, model), f"--index {index.index}{whose}", remedy)


def _remedy(factory: str) -> str:
    flags = {"IVF": "--nprobe", "HNSW": "--ef-search", BINARY.upper(): "--rescore"}
    flag = next((flag for kind, flag in flags.items() if kind in factory.upper()), None)
    return "Choose" if flag is None else f"Raise {flag}, choose"
