"""Bi-encoders: prompts, what shapes their vectors, and encoding."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from negmine.errors import InputError, RetrieverError
from negmine.identity import identity_of
from negmine.models import (
    Digest,
    model_fingerprint,
    quiet,
    resolve_device,
    resolve_dtype,
    resolve_model,
)
from negmine.settings import IndexSettings

Kind = Literal["query", "document"]
_PROMPT_NAMES = {"query": ("query",), "document": ("document", "passage", "corpus")}


def prompt_of(settings: IndexSettings, folder: Path, kind: Kind) -> str:
    """Return the text before every query or document: as set, else the model's own, else nothing."""
    given = settings.query_prompt if kind == "query" else settings.document_prompt
    if given is not None:
        return given
    try:
        stored: dict[str, Any] = json.loads(
            (folder / "config_sentence_transformers.json").read_text()
        )
    except (OSError, ValueError):
        return ""
    prompts = stored.get("prompts") or {}
    own = next((prompts[name] for name in _PROMPT_NAMES[kind] if prompts.get(name)), None)
    default = prompts.get(stored.get("default_prompt_name") or "")
    return str(own or default or "")


class Encoder:
    """A sentence-transformers model that loads when it is first needed."""

    def __init__(self, settings: IndexSettings, digest: Digest, flag: str = "--model") -> None:
        self._settings, self._flag = settings, flag
        self.folder = resolve_model(settings.model, digest, flag)
        self.fingerprint = model_fingerprint(self.folder, digest)
        self.dtype = resolve_dtype(settings.dtype, settings.device)
        self._model: Any = None

    def identity(self, kind: Kind) -> str:
        """Return what tells this encoder's vectors of queries, or of documents, from all others."""
        return identity_of(
            [self.fingerprint, self.prompt(kind), self._settings.max_length, self.dtype, kind]
        )

    def prompt(self, kind: Kind) -> str:
        """Return the text that goes before every query or document."""
        return prompt_of(self._settings, self.folder, kind)

    def encode(self, texts: Sequence[str], kind: Kind) -> NDArray[np.float32]:
        """Return L2-normalised vectors, float32 [texts, dimensions].

        Raises RetrieverError where the model fails.
        """
        model = self._model = self._model or self._load()
        encode = model.encode_query if kind == "query" else model.encode_document
        vectors: NDArray[np.float32] = encode(
            list(texts),
            prompt=self.prompt(kind),
            batch_size=self._settings.batch_size,
            normalize_embeddings=False,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return normalised(
            vectors, lambda row: f"the model gave no usable vector for {texts[row][:60]!r}"
        )

    def _load(self) -> Any:
        import torch
        from sentence_transformers import SentenceTransformer

        quiet()
        dtype = getattr(torch, self.dtype)
        try:
            model = SentenceTransformer(
                str(self.folder),
                device=resolve_device(self._settings.device),
                local_files_only=True,
                model_kwargs={"dtype": dtype},
            )
        except (OSError, ValueError, KeyError) as error:
            raise RetrieverError(
                f"{self._flag} {self._settings.model} does not load as a sentence-transformers model: {error}"
            ) from error
        model = model.to(dtype)
        if self._settings.max_length is not None:
            try:
                model.max_seq_length = self._settings.max_length
            except AttributeError as error:  # static embeddings
                raise RetrieverError(
                    f"{self._flag} {self._settings.model} reads texts of any length. "
                    "Leave --max-length (or --guide-max-length) out."
                ) from error
        return model


def normalised(
    vectors: NDArray[Any], complain: Callable[[int], str], tolerance: float = 1e-5
) -> NDArray[np.float32]:
    """Return rows of length 1, float32; rows within `tolerance` of it stay as they are, bit for bit.

    Raises InputError, in the words of `complain(row)`, for a row that is zero or not finite.
    """
    single = np.asarray(vectors, np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", single, single, dtype=np.float64))
    bad = np.flatnonzero(~(np.isfinite(norms) & (norms > 0)))
    if len(bad):
        raise InputError(
            f"{complain(int(bad[0]))} ({len(bad):,} such rows): it is zero or not finite."
        )
    off = np.abs(norms - 1) > tolerance
    result = single.copy() if off.any() else single
    result[off] = (single[off] / norms[off, None]).astype(np.float32)
    return result
