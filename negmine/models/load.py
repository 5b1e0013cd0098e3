"""A sentence-transformers model on one device: how long texts are, and their vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.data.ragged import matrices
from negmine.data.sparse_rows import as_pairs, of_dense
from negmine.engine import allocators
from negmine.errors import RetrieverError
from negmine.models.halving import Halving
from negmine.models.lengths import Lengths
from negmine.models.locate import quiet, resolve_device

PROMPT_NAMES = {"query": ("query",), "document": ("document", "passage", "corpus")}


@dataclass(frozen=True)
class Spec:
    """What is needed to load a model: here, or in another process.

    per_token: it is a MultiVectorEncoder. sparse: it is a SparseEncoder.
    """

    folder: Path
    name: str  # the flag and its value, for messages
    device: str
    dtype: str
    max_length: int | None
    per_token: bool = False
    sparse: bool = False


class Model:
    """The model, loaded; a Machine with one device."""

    def __init__(self, spec: Spec) -> None:
        self._model = load(spec)
        self._per_token, self._sparse = spec.per_token, spec.sparse
        self._lengths = Lengths(self._model)
        self._read = Halving(self._encode, spec.name)

    def lengths(self, texts: Sequence[str], prompt: str) -> NDArray[np.int64]:
        """Return tokens as the model reads them (see Machine)."""
        return self._lengths([prompt + text for text in texts] if prompt else texts)

    def run(
        self, batches: Sequence[Sequence[str]], kind: str, prompt: str
    ) -> Iterator[tuple[Floats, int]]:
        """Yield the vectors of each batch (see Machine)."""
        for batch in batches:
            yield self.encode(batch, kind, prompt)

    def encode(self, texts: Sequence[str], kind: str, prompt: str) -> tuple[Floats, int]:
        """Return the vectors of one batch, as the model gives them, and in how many pieces it was read."""
        return self._read(texts, kind, prompt), self._read.pieces

    def _encode(self, texts: Sequence[str], kind: str, prompt: str) -> Floats:
        model = self._model
        if self._per_token and self._is_empty(texts[0], kind):  # the others are as long
            nothing = np.empty((0, model.get_embedding_dimension()), np.float32)
            return matrices([nothing] * len(texts))  # type: ignore[return-value]
        encode = model.encode_query if kind == "query" else model.encode_document
        how: dict[str, Any] = {"batch_size": len(texts), "show_progress_bar": False}
        if self._sparse:
            tensor = encode(
                list(texts), prompt=prompt, convert_to_sparse_tensor=False, save_to_cpu=True, **how
            )
            return as_pairs(of_dense(tensor.float().numpy()))  # type: ignore[return-value]
        vectors: Any = encode(
            list(texts),
            prompt=None if self._per_token else prompt,
            normalize_embeddings=False,
            convert_to_numpy=True,
            **how,
        )
        return matrices(vectors) if self._per_token else vectors  # type: ignore[return-value]

    def _is_empty(self, text: str, kind: str) -> bool:
        """Tell whether a text is no token: the tokenizer adds none, nor does a prompt of the model."""
        has_prompt = any(self._model.prompts.get(name) for name in PROMPT_NAMES[kind])
        return not has_prompt and not self._lengths([text])[0]


def load(spec: Spec) -> Any:
    """Return the model; raise RetrieverError where it does not load."""
    import torch
    from sentence_transformers import MultiVectorEncoder, SentenceTransformer, SparseEncoder

    quiet()
    allocators.keep()
    dtype = getattr(torch, spec.dtype)
    kind: Any = MultiVectorEncoder if spec.per_token else SentenceTransformer
    kind = SparseEncoder if spec.sparse else kind
    try:
        model = kind(
            str(spec.folder),
            device=resolve_device(spec.device),
            local_files_only=True,
            model_kwargs={"dtype": dtype},
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise RetrieverError(
            f"{spec.name} does not load as a sentence-transformers model: {error}"
        ) from error
    model = model.to(dtype)
    if spec.max_length is not None:
        try:
            model.max_seq_length = spec.max_length
        except AttributeError as error:  # static embeddings
            raise RetrieverError(
                f"{spec.name} reads texts of any length. "
                "Leave --max-length (or --guide-max-length) out."
            ) from error
    return model
