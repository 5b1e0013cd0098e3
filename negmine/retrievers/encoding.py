"""Encoding as steps before an index is filled: part after part of the texts goes through a model.

A step is the documents of a part of `corpus`, or the queries of a part of `queries`. Any process can make it:
on a cluster, one that has loaded the model. The vectors go into the cache (storage/vectors.py), where filling
the index finds them, so they never pass through the process that gave the command. Texts of a part go through
the model together, wherever that is: a GPU gives them the same last bits as in one process.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.engine.context import Context
from negmine.engine.tasks import Stats, Steps
from negmine.errors import EngineError
from negmine.models.encoder import Encoder, Kind
from negmine.models.encoders import AnyEncoder
from negmine.models.norms import Norms
from negmine.retrievers import scope
from negmine.storage.files import write_array
from negmine.storage.layout import CORPUS, VECTORS
from negmine.storage.vectors import VectorStore
from negmine.storage.workdir import PARTIAL

Encoders = Mapping[Kind, Encoder]


class Encoding:
    """The steps that encode what a retriever's index is made of.

    artifact: the index. encoders: of each kind; a model loads with its first text. chosen: returns the
    positions of the documents that are encoded; None stands for all. before: is called before the first step,
    and may raise.
    """

    def __init__(
        self,
        context: Context,
        artifact: str,
        encoders: Encoders,
        chosen: Callable[[], NDArray[np.int64]] | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._context, self._encoders = context, encoders
        self._folder = context.work.local(artifact) / PARTIAL
        self._document_parts = len(context.work.require(CORPUS).parts)
        self._choose, self._before = chosen, before

    def steps(self) -> Steps:
        """Return the steps: documents, then queries."""
        work = (self.make, self.sizes, self.missing, self._begin, self._check, self._finish)
        return Steps(*work)

    def sizes(self) -> list[int]:
        """Return how many texts each step has."""
        documents, chosen = self._context.corpus.part_documents(), self._chosen()
        if chosen is not None:
            edges = np.searchsorted(chosen, np.cumsum([0, *documents]))
            documents = np.diff(edges).tolist()
        return [*documents, *self._context.work.queries_per_part()]

    def missing(self) -> list[int]:
        """Return the steps that have a text that is not in the cache."""
        stores = {kind: VectorStore(self._store(kind), self._note) for kind in self._encoders}
        chosen = self._chosen()

        def is_missing(number: int) -> bool:
            store = stores[self._part(number)[0]]
            return not len(store) or store.lacks(self._texts(number, chosen))

        return [number for number, size in enumerate(self.sizes()) if size and is_missing(number)]

    def make(self, number: int) -> Stats:
        """Encode what the cache lacks of a step's texts; return how many, and the range of their lengths."""
        kind, _ = self._part(number)
        encoder, texts = self._encoders[kind], self._texts(number, self._written)
        encoder.norms = Norms(self._context.config.index.similarity)
        store = VectorStore(self._store(kind), self._note, only=texts)
        encoded = store.fill(texts, encoder.work(kind, self._note), self._context.progress.advance)
        return {
            "kind": kind, "encoded": encoded, "norms": encoder.norms.range, "machine": platform.node(),
            "encoder": encoder.identity(kind), "dtype": encoder.dtype,
        }  # fmt: skip

    def _part(self, number: int) -> tuple[Kind, int]:
        """Return of which texts a step is, and of which part of their table."""
        first_query = self._document_parts
        return ("document", number) if number < first_query else ("query", number - first_query)

    def _texts(self, number: int, chosen: NDArray[np.int64] | None) -> list[str]:
        kind, part = self._part(number)
        if kind == "query":
            return self._context.queries.mined(part)["text"].to_list()
        return self._context.corpus.texts_of_part(part, chosen)

    def _store(self, kind: Kind) -> Path:
        return self._context.work.cache(VECTORS) / self._encoders[kind].identity(kind)

    def _note(self, message: str) -> None:
        self._context.progress.note(message)

    def _begin(self, folder: Path) -> None:
        """Write which documents are encoded, for processes that have not what says it."""
        self._before()
        chosen = self._chosen()
        if chosen is not None:
            write_array(folder / scope.POSITIONS, chosen)

    def _chosen(self) -> NDArray[np.int64] | None:
        return None if self._choose is None else self._choose()

    @cached_property
    def _written(self) -> NDArray[np.int64] | None:
        """Which documents are encoded, as `_begin` has written it."""
        if self._choose is None:
            return None
        return scope.read_positions(self._folder, sum(self._context.corpus.part_documents()))

    def _check(self, made: Mapping[str, Any]) -> None:
        """Raise EngineError where another process has encoded otherwise than this one would."""
        encoder = self._encoders[made["kind"]]
        if made["encoder"] == encoder.identity(made["kind"]):
            return
        why = f"its files of {encoder.name} are others"
        if made["dtype"] != encoder.dtype:
            why = f"it computes in {made['dtype']}, this process in {encoder.dtype}: give --dtype"
        raise EngineError(
            f"{made['machine']} encodes otherwise than {platform.node()}, where the command runs: {why}. All "
            "nodes need the same model and precision."
        )

    def _finish(self, filled: Stats, made: Sequence[Mapping[str, Any]]) -> Stats:
        """Return the stats of the index, with what was encoded before it was filled."""
        encoded = sum(one["encoded"] for one in made)
        counts = {"encoded": filled["encoded"] + encoded, "reused": filled["reused"] - encoded}
        if "norms" not in filled:
            return {**filled, **counts}
        norms = {
            kind: _range([own, *(one["norms"] for one in made if one["kind"] == kind)])
            for kind, own in filled["norms"].items()
        }
        return {**filled, **counts, "norms": norms}


def cached_rows(
    context: Context, encoder: AnyEncoder, kind: Kind
) -> Callable[[Sequence[str]], NDArray[Any]]:
    """Return what gives the rows of texts that are in no index: from the vector cache, or encoded now.

    A row: a vector, or the matrix of a text's tokens or terms (see VectorStore).
    """
    note = context.progress.note
    store = VectorStore(context.work.cache(VECTORS) / encoder.identity(kind), note)

    def rows(texts: Sequence[str]) -> NDArray[Any]:
        store.fill(texts, encoder.work(kind, note), lambda count: None)
        return store.held(texts)

    return rows


def _range(ranges: Sequence[list[float] | None]) -> list[float] | None:
    """Return the least and the largest length of several ranges; None without any."""
    known = [one for one in ranges if one is not None]
    return [min(one[0] for one in known), max(one[1] for one in known)] if known else None
