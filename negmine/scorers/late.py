"""A late-interaction model as a reranker: MaxSim of the vectors of all tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.config.settings import IndexSettings, RerankSettings
from negmine.data.arrays import Floats
from negmine.errors import SettingsError
from negmine.models.encoder import Kind
from negmine.models.locate import Digest
from negmine.models.maxsim import maxsim
from negmine.models.token_encoder import TokenEncoder
from negmine.storage.vectors import VectorStore

FLAG = "--rerank-model"


class LateInteraction:
    """Loads when it is first needed. Every distinct text is encoded once, ever, and lies in the vector cache.

    identity: what shapes the scores. encoders: the identities under which vectors are cached. Raises
    SettingsError for settings that only a cross-encoder has.
    """

    def __init__(
        self,
        settings: RerankSettings,
        index: IndexSettings,
        digest: Digest,
        store: Path,
        note: Callable[[str], None],
    ) -> None:
        _check(settings)
        own = {
            "dtype": settings.rerank_dtype or index.dtype,
            "batch_size": settings.rerank_batch_size,
        }
        name = str(settings.rerank_model)
        self._encoder = TokenEncoder(index.model_copy(update=own), name, digest, FLAG)
        self._folder, self._note = store, note
        self._stores: dict[Kind, VectorStore] = {}
        self.encoders = [self._encoder.identity(kind) for kind in ("document", "query")]
        self.identity = {
            "model": self._encoder.fingerprint,
            "dtype": self._encoder.dtype,
            "late_vector_dtype": index.late_vector_dtype,
            "score_kind": "maxsim",
        }

    def score(self, queries: Sequence[str], documents: Sequence[str]) -> Floats:
        """Score pairs by MaxSim (see Scorer)."""
        asked, rows = np.unique(np.array(queries, object), return_inverse=True)
        texts, docs = np.unique(np.array(documents, object), return_inverse=True)
        return maxsim(
            self._vectors(asked.tolist(), "query"),
            self._vectors(texts.tolist(), "document"),
            rows,
            docs,
        )

    def _vectors(self, texts: list[str], kind: Kind) -> NDArray[Any]:
        """Return the matrices of texts, views of the cache on disk, encoded now where it lacks them."""
        if kind not in self._stores:
            folder = self._folder / self._encoder.identity(kind)
            self._stores[kind] = VectorStore(folder, self._note)
        store = self._stores[kind]
        store.fill(texts, self._encoder.work(kind, self._note), lambda count: None)
        return store.held(texts)


def _check(settings: RerankSettings) -> None:
    """Raise SettingsError for settings that nothing would read."""
    for flag, is_given in (
        ("--rerank-prompt", settings.rerank_prompt is not None),
        ("--rerank-activation none", settings.rerank_activation == "none"),
        ("--rerank-max-length", settings.rerank_max_length is not None),
    ):
        if is_given:
            raise SettingsError(
                f"{flag}: {FLAG} {settings.rerank_model} is a late-interaction model. It has prompts and "
                "lengths of its own, and no activation. Leave the flag out."
            )
