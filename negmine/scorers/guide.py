"""The guide: a bi-encoder other than the miner, asked for its own opinion (GISTEmbed, Solatorio 2024)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from negmine.config.dense import EncoderSettings
from negmine.config.settings import FilterSettings, IndexSettings
from negmine.models.encoder import Encoder, Kind
from negmine.models.locate import Digest
from negmine.models.products import pair_scores
from negmine.storage.vectors import VectorStore

FLAG = "--guide-model"
T = TypeVar("T")


class Guide:
    """Cosine of a guide's vectors, the one in that `place`; every distinct text is encoded once, ever."""

    def __init__(
        self,
        place: int,
        settings: FilterSettings,
        index: IndexSettings,
        digest: Digest,
        store: Path,
        note: Callable[[str], None],
    ) -> None:
        wanted = EncoderSettings(
            settings.guide_model[place],
            _own(settings.guide_query_prompt, place),
            _own(settings.guide_document_prompt, place),
            _own(settings.guide_max_length, place),
        )
        as_it_is = index.model_copy(update={"direction": "q2d", "similarity": "cosine"})
        self._encoder = Encoder(wanted, as_it_is, digest, FLAG)  # it gets queries as queries
        self._folder, self._note = store, note
        self._stores: dict[Kind, VectorStore] = {}
        self.identity = {kind: self._encoder.identity(kind) for kind in ("query", "document")}

    def score(self, queries: Sequence[str], documents: Sequence[str]) -> NDArray[np.float32]:
        """Score pairs by cosine (see Scorer)."""
        asked, rows = _distinct(queries)
        texts, docs = _distinct(documents)
        return pair_scores(
            self.vectors(asked, "query"), self.vectors(texts, "document"), rows, docs
        )

    def vectors(self, texts: list[str], kind: Kind) -> NDArray[np.float32]:
        """Return the unit vectors of texts, float32 [texts, dimensions], from the store or encoded now."""
        if kind not in self._stores:
            folder = self._folder / self._encoder.identity(kind)
            self._stores[kind] = VectorStore(folder, self._note)
        work = self._encoder.work(kind, self._note)
        vectors, _ = self._stores[kind].encode(texts, work, lambda count: None)
        return vectors


def _own(values: Sequence[T], place: int) -> T | None:
    """Return a guide's own value: of several the one in its place, else the only one, else None."""
    return values[place if len(values) > 1 else 0] if values else None


def _distinct(texts: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the distinct texts, and for every text its place among them."""
    places: dict[str, int] = {}
    rows = [places.setdefault(text, len(places)) for text in texts]
    return list(places), np.array(rows, np.int64)
