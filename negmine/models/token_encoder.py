"""Late-interaction encoders (ColBERT, Khattab and Zaharia 2020): a vector for every token of a text.

sentence-transformers' MultiVectorEncoder reads its own folders, those of PyLate, and ColBERT's. It would also
read any other model, and put a layer of random weights on it: such folders are refused here.
"""

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
from negmine.data.ragged import matrices
from negmine.errors import InputError
from negmine.models.encoder import Encoder, Kind
from negmine.models.locate import Digest
from negmine.models.saved_as import SETTINGS, saved_as

_TYPES = ("MultiVectorEncoder", "ColBERT")  # the second is PyLate's
_OF_PYLATE = (
    "query_prefix", "document_prefix", "query_length", "document_length", "do_query_expansion",
    "attend_to_expansion_tokens", "skiplist_words",
)  # fmt: skip


def is_multi_vector(folder: Path) -> bool:
    """Tell whether a model's folder was saved by MultiVectorEncoder, PyLate or ColBERT."""
    stored = _json(folder / "config_sentence_transformers.json")
    if "model_type" in stored:
        return stored["model_type"] in _TYPES
    if any(name in stored for name in _OF_PYLATE):
        return True
    architectures = _json(folder / "config.json").get("architectures") or []
    return any(str(one) == "HF_ColBERT" for one in architectures)


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


class TokenEncoder(Encoder):
    """A multi-vector model: `work` yields a matrix [tokens, dimensions] for each text, as the model gives it.

    Prompts, lengths and query expansion are the model's own, from its folder.
    """

    per_token = True

    def __init__(self, settings: IndexSettings, model: str, digest: Digest, flag: str) -> None:
        super().__init__(EncoderSettings(model), settings, digest, flag)
        self.vector_dtype = settings.late_vector_dtype
        if not is_multi_vector(self.folder):
            raise InputError(
                f"{self.name} is no multi-vector model: its config_sentence_transformers.json names neither "
                "MultiVectorEncoder nor PyLate's ColBERT. Name a late-interaction model, or give this one as "
                f"{SETTINGS.get(saved_as(self.folder), '--model')}."
            )

    def identity(self, kind: Kind) -> str:
        """Return what tells this encoder's vectors, in their precision, from all others."""
        return identity_of([self.fingerprint, self.dtype, kind, "tokens", self.vector_dtype])

    def prompt(self, kind: Kind) -> str:
        """Return nothing: the model puts its own prompt, or marks, before every text."""
        return ""

    def _checked(self, vectors: NDArray[Any], batch: Sequence[str]) -> NDArray[Any]:
        """Return the matrices in the precision that is kept. Raises InputError for numbers that are none."""
        with np.errstate(over="ignore"):
            kept = [np.asarray(matrix).astype(self.vector_dtype) for matrix in vectors]
        for text, matrix in zip(batch, kept, strict=False):
            if not np.isfinite(matrix).all():
                raise InputError(
                    f"{self.name} gave a vector that {self.vector_dtype} cannot hold, for {text[:60]!r}. Use "
                    "--late-vector-dtype float32, or --dtype float32."
                )
        return matrices(kept)
