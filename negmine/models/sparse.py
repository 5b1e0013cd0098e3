"""Sparse encoders (SPLADE, inference-free and CSR models): sentence-transformers' SparseEncoder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.config.dense import EncoderSettings
from negmine.config.settings import IndexSettings
from negmine.data.identity import identity_of
from negmine.data.sparse_rows import as_pairs, of_pairs
from negmine.errors import InputError
from negmine.models.encoder import Encoder, Kind
from negmine.models.locate import Digest

FLAG = "--sparse-model"
DOT, COSINE = "dot", "cosine"


class SparseEncoder(Encoder):
    """The model that --sparse-model names: `work` yields terms and weights of each text (data/sparse_rows.py).

    Prompts and length are the model's own. A text may have no term at all. Where the model compares by cosine,
    vectors have length 1. Raises InputError for a folder that holds another kind of model.
    """

    sparse = True

    def __init__(self, settings: IndexSettings, digest: Digest) -> None:
        super().__init__(EncoderSettings(str(settings.sparse_model)), settings, digest, FLAG)
        self.similarity = similarity(self.folder, self.name)

    def identity(self, kind: Kind) -> str:
        """Return what tells this encoder's vectors from all others, and from dense ones of the same files."""
        return identity_of([super().identity(kind), "sparse"])

    def _checked(self, vectors: NDArray[Any], batch: Sequence[str]) -> NDArray[Any]:
        for text, pairs in zip(batch, vectors, strict=False):
            if not np.isfinite(pairs).all():
                raise InputError(
                    f"{self.name} gave a vector that is not finite, for {text[:60]!r}."
                )
        return vectors if self.similarity == DOT else as_pairs(of_pairs(vectors).unit())


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
