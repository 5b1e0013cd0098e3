"""The cross-encoder: a sentence-transformers model that reads query and document together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.config.naming import is_plugin
from negmine.config.plugins import load_plugin
from negmine.config.settings import IndexSettings, RerankSettings
from negmine.data.arrays import Floats, Places
from negmine.engine import allocators
from negmine.errors import InputError, ScorerError
from negmine.models.batches import batches, budget
from negmine.models.halving import Halving, message
from negmine.models.lengths import Lengths
from negmine.models.locate import (
    Digest,
    model_fingerprint,
    quiet,
    resolve_device,
    resolve_dtype,
    resolve_model,
)
from negmine.models.saved_as import SETTINGS, saved_as
from negmine.scorers.base import Scorer

FLAG = "--rerank-model"
Note = Callable[[str], None]


class CrossEncoder:
    """Loads when it is first needed."""

    def __init__(
        self, settings: RerankSettings, index: IndexSettings, digest: Digest, note: Note
    ) -> None:
        assert settings.rerank_model is not None
        self._settings, self._device, self._note = settings, index.one_device, note
        self._name = f"{FLAG} {settings.rerank_model}"
        self.folder = resolve_model(settings.rerank_model, digest, FLAG)
        if (kind := saved_as(self.folder)) not in ("", "CrossEncoder"):
            raise InputError(
                f"{self._name} is a {kind}: as a cross-encoder it would get a layer of random weights. Give it "
                f"as {SETTINGS[kind]}, or name a cross-encoder."
            )
        self.dtype = resolve_dtype(settings.rerank_dtype or index.dtype, self._device)
        self.identity = {
            "model": model_fingerprint(self.folder, digest),
            "dtype": self.dtype,
            "max_length": settings.rerank_max_length,
            "prompt": settings.rerank_prompt,
            "score_kind": "logit" if settings.rerank_activation == "none" else "activation",
        }
        self._told = False

    def score(self, queries: Sequence[str], documents: Sequence[str]) -> Floats:
        """Score pairs (see Scorer): the model's activation, or raw logits."""
        scores = np.empty(len(queries), np.float32)
        for places, batch_scores in self.batches(queries, documents):
            scores[places] = batch_scores
        return scores

    def batches(
        self, queries: Sequence[str], documents: Sequence[str]
    ) -> Iterator[tuple[Places, Floats]]:
        """Score pairs batch by batch, longest first (see Work): places of pairs, and their scores."""
        settings = self._settings
        lengths, read = self._opened
        tokens = budget(settings.rerank_batch_size, resolve_device(self._device))
        for places in batches(lengths.of_pairs(queries, documents), tokens):
            scores = read([(queries[place], documents[place]) for place in places])
            if read.pieces > 1 and not self._told:
                self._told = True
                size = settings.rerank_batch_size
                self._note(
                    message(self._name, "--rerank-batch-size", size, len(places), read.pieces)
                )
            yield places, checked(scores, len(places), self._name)

    @cached_property
    def _opened(self) -> tuple[Lengths, Halving]:
        return Lengths(self._model), Halving(self._predict, self._name, ScorerError)

    def _predict(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        import torch

        raw = self._settings.rerank_activation == "none"
        scores: Floats = self._model.predict(
            list(pairs),
            prompt=self._settings.rerank_prompt,
            batch_size=len(pairs),
            activation_fn=torch.nn.Identity() if raw else None,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return scores

    @cached_property
    def _model(self) -> Any:
        import torch
        from sentence_transformers import CrossEncoder as Model

        quiet()
        allocators.keep()
        try:
            model = Model(
                str(self.folder),
                device=resolve_device(self._device),
                max_length=self._settings.rerank_max_length,
                local_files_only=True,
                model_kwargs={"dtype": getattr(torch, self.dtype)},
            )
        except (OSError, ValueError, KeyError) as error:
            raise ScorerError(f"{self._name} does not load as a cross-encoder: {error}") from error
        if model.num_labels != 1:
            raise ScorerError(
                f"{self._name} gives {model.num_labels} numbers for a pair. "
                "A reranker gives one; is this a classifier?"
            )
        return model


class Own:
    """A user's own scorer, checked. Its package is imported when it first scores."""

    def __init__(self, spec: str) -> None:
        self._spec, self.identity = spec, {"factory": spec}

    @cached_property
    def _scorer(self) -> Scorer:
        scorer: Scorer = load_plugin(self._spec, FLAG)()
        return scorer

    def score(self, queries: Sequence[str], documents: Sequence[str]) -> NDArray[np.float32]:
        """Score pairs (see Scorer)."""
        scorer = self._scorer
        try:
            scores = scorer.score(queries, documents)
        except Exception as error:
            raise ScorerError(f"{FLAG} {self._spec}: {type(error).__name__}: {error}") from error
        return checked(scores, len(queries), f"{FLAG} {self._spec}")


def open_cross_encoder(
    settings: RerankSettings,
    index: IndexSettings,
    digest: Digest,
    note: Note = lambda message: None,
) -> CrossEncoder | Own:
    """Return the scorer that --rerank-model names; `note` hears where memory ran out."""
    assert settings.rerank_model is not None
    is_own = is_plugin(settings.rerank_model)
    return Own(settings.rerank_model) if is_own else CrossEncoder(settings, index, digest, note)


def checked(scores: Any, pairs: int, who: str) -> NDArray[np.float32]:
    """Return scores as float32 [pairs]; raise ScorerError for another shape or numbers that are none."""
    array: NDArray[np.float32] = np.asarray(scores, np.float32)
    if array.shape != (pairs,):
        raise ScorerError(f"{who} returned scores of shape {array.shape} for {pairs} pairs.")
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise ScorerError(
            f"{who} returned {count} scores that are not finite. Another --rerank-dtype may help."
        )
    return array
