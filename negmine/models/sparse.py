"""Sparse encoders (SPLADE, inference-free and CSR models): sentence-transformers' SparseEncoder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from negmine.config.settings import IndexSettings
from negmine.data.arrays import Places
from negmine.data.sparse_rows import SparseRows, of_dense
from negmine.errors import InputError
from negmine.models.encoder import Encoder, Kind, unusable
from negmine.models.locate import Digest

FLAG = "--sparse-model"
DOT, COSINE = "dot", "cosine"

Work = Callable[[Sequence[str]], Iterator[tuple[Places, SparseRows]]]


class SparseEncoder:
    """The model that --sparse-model names, with its own prompts and length; it loads when it is first needed.

    Raises InputError for a folder that holds another kind of model.
    """

    def __init__(self, settings: IndexSettings, digest: Digest) -> None:
        assert settings.sparse_model is not None
        own = {"query_prompt": None, "document_prompt": None, "max_length": None}
        wanted = settings.model_copy(update={"model": settings.sparse_model, **own})
        self._encoder = Encoder(wanted, digest, FLAG, sparse=True)
        self.similarity = similarity(self._encoder.folder, self._encoder.name)
        self.fingerprint, self.dtype = self._encoder.fingerprint, self._encoder.dtype

    def identity(self, kind: Kind) -> str:
        """Return what tells this encoder's vectors of queries, or of documents, from all others."""
        return self._encoder.identity(kind)

    def prompt(self, kind: Kind) -> str:
        """Return the text that goes before every query or document."""
        return self._encoder.prompt(kind)

    def work(self, kind: Kind, note: Callable[[str], None] = lambda message: None) -> Work:
        """Return what encodes texts batch by batch (see BatchedRows); `note` hears where memory ran out.

        A text may have no term at all. Where the model compares by cosine, rows have length 1. Raises
        RetrieverError where the model fails, InputError where it gives what is no number.
        """

        def encoded(texts: Sequence[str]) -> Iterator[tuple[Places, SparseRows]]:
            for places, batch, vectors in self._encoder.read(texts, kind, note):
                bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
                if len(bad):
                    raise InputError(f"{unusable(batch, int(bad[0]))}: it is not finite.")
                rows = of_dense(np.asarray(vectors, np.float32))
                yield places, rows.unit() if self.similarity == COSINE else rows

        return encoded


def similarity(folder: Path, name: str) -> str:
    """Return how a sparse model compares vectors, `dot` or `cosine`. Raises InputError for no sparse model.

    sentence-transformers would put an untrained layer on another model, with other weights each time.
    """
    stored = _read(folder / "config_sentence_transformers.json")
    if (folder / "modules.json").exists():
        kind = stored.get("model_type", "SentenceTransformer")
        is_sparse, what = kind == "SparseEncoder", f"a {kind}"
    else:
        heads = _read(folder / "config.json").get("architectures") or []
        is_sparse = any(str(head).endswith("ForMaskedLM") for head in heads)
        what = f"{', '.join(map(str, heads)) or 'no model'}, without a head for masked words"
    if not is_sparse:
        raise InputError(
            f"{name} is no SparseEncoder: the folder holds {what}. Name a sparse model, such as a SPLADE."
        )
    compared = stored.get("similarity_fn_name") or DOT
    if compared not in (DOT, COSINE):
        raise InputError(
            f"{name} compares vectors by {compared}. An index of terms can do {DOT} and {COSINE}."
        )
    return str(compared)


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
