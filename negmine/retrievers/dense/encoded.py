"""Vectors out of a model, of this machine or at an endpoint, through the vector store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from negmine.config.dense import DenseModel
from negmine.config.settings import IndexSettings
from negmine.data.arrays import Floats
from negmine.data.sources.swapped import D2Q
from negmine.engine.progress import Progress
from negmine.errors import SettingsError
from negmine.models.api_encoder import ApiEncoder
from negmine.models.encoder import Encoder, Kind
from negmine.models.encoders import AnyEncoder, open_encoder
from negmine.models.norms import Norms
from negmine.retrievers.dense.rows import KINDS, Tables, write_rows
from negmine.storage.digests import Digests
from negmine.storage.vectors import VectorStore


def encoders(model: DenseModel, settings: IndexSettings, digest: Digests) -> dict[Kind, AnyEncoder]:
    """Return the encoders of documents and queries: one, unless --query-model names another.

    With --direction d2q the run's documents are the user's queries, and have their encoder.
    """
    documents = open_encoder(model.documents, settings, digest)
    if not model.has_query_model:
        return {"document": documents, "query": documents}
    queries = open_encoder(model.queries, settings, digest, "--query-model")
    if settings.direction == D2Q:
        return {"document": queries, "query": documents}
    return {"document": documents, "query": queries}


def own_encoders(
    model: DenseModel, settings: IndexSettings, digest: Digests
) -> dict[Kind, Encoder]:
    """Return those of `encoders` that are no endpoint's."""
    both = encoders(model, settings, digest)
    return {kind: one for kind, one in both.items() if isinstance(one, Encoder)}


def note_similarity(
    model: DenseModel, both: Mapping[Kind, Encoder], settings: IndexSettings, progress: Progress
) -> None:
    """Note a model that was trained for another similarity."""
    if settings.similarity == "cosine" and both["document"].own_similarity == "dot":
        progress.note(
            f"--model {model.documents.model} says that it was trained for inner products. The score is "
            "the cosine; --similarity dot keeps the lengths of its vectors"
        )


class Encoded:
    """Vectors out of a model, through the store.

    norms: by kind, of what was encoded now; where lengths are kept, of all vectors.
    """

    def __init__(
        self,
        model: DenseModel,
        settings: IndexSettings,
        store: Path,
        digest: Digests,
        progress: Progress,
    ) -> None:
        self._model, self._settings = model, settings
        self._encoders = encoders(model, settings, digest)
        self._stores: dict[Kind, VectorStore] = {
            kind: VectorStore(store / encoder.identity(kind), progress.note)
            for kind, encoder in self._encoders.items()
        }
        self.norms = {kind: Norms(settings.similarity) for kind, _ in KINDS}
        self.stats: dict[str, Any] = {
            "model": model.documents.model,
            "dtype": self._encoders["document"].dtype,
            "encoded": 0,
            "reused": 0,
        }
        documents = self._encoders["document"]
        if isinstance(documents, ApiEncoder):  # another model may answer to the same name tomorrow
            self.stats |= {"endpoint": documents.host, "weights_hashed": False, "tokens": 0}

    def write(self, path: Path, kind: Kind, tables: Tables, count: int, progress: Progress) -> None:
        """Write the vectors of `count` rows of this kind."""
        encoder = self._encoders[kind]
        encoder.norms = Norms(self._settings.similarity)

        def vectors_of(table: pa.Table) -> Floats:
            vectors = self._vectors(table, kind, progress)
            if self._settings.similarity == "dot":
                encoder.norms(vectors, lambda row: f"a stored vector of a {kind}")
            return vectors

        write_rows(path, kind, tables, count, self._settings.vector_dtype, vectors_of)
        self.norms[kind] = encoder.norms
        if isinstance(encoder, ApiEncoder):
            both = self._encoders.values()
            budgets = {one.budget for one in both if isinstance(one, ApiEncoder)}
            self.stats["tokens"] = sum(budget.used for budget in budgets)

    def _vectors(self, table: pa.Table, kind: Kind, progress: Progress) -> Floats:
        texts = table["text"].to_pylist()
        vectors, encoded = self._stores[kind].encode(
            texts, self._encoders[kind].work(kind, progress.note), progress.advance
        )
        self.stats["encoded"] += encoded
        self.stats["reused"] += len(texts) - encoded
        dims = self.stats.setdefault("dimensions", int(vectors.shape[1]))
        if texts and vectors.shape[1] != dims:
            raise _do_not_fit(self._model, dims, vectors.shape[1])
        return vectors


def check_sizes(model: DenseModel, both: Mapping[Kind, Encoder]) -> None:
    """Raise SettingsError, before hours of encoding, for vectors of queries and documents that do not fit.

    An endpoint is not asked beforehand: `Encoded` compares what it sends.
    """
    if model.has_query_model:
        sizes = both["document"].size("document"), both["query"].size("query")
        if sizes[0] != sizes[1]:
            raise _do_not_fit(model, *sizes)


def _do_not_fit(model: DenseModel, documents: int, queries: int) -> SettingsError:
    return SettingsError(
        f"--query-model {model.queries.model} gives vectors of {queries} dimensions, --model "
        f"{model.documents.model} of {documents}. Name two encoders that were trained for each other."
    )
