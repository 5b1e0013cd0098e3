"""Bi-encoders: prompts, what shapes their vectors, and encoding."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from negmine.config.dense import EncoderSettings
from negmine.config.settings import IndexSettings
from negmine.data.arrays import BatchedRows, Floats, Places
from negmine.data.identity import identity_of
from negmine.errors import InputError, SettingsError
from negmine.models.batches import batches, budget, filled
from negmine.models.halving import message
from negmine.models.load import PROMPT_NAMES, Model, Spec
from negmine.models.locate import (
    Digest,
    model_fingerprint,
    resolve_device,
    resolve_dtype,
    resolve_model,
)
from negmine.models.machine import Machine
from negmine.models.norms import Norms
from negmine.models.saved_as import SETTINGS, saved_as
from negmine.models.workers import Workers

Kind = Literal["query", "document"]
WIDE = 4  # times --batch-size: texts at once where a vector is as wide as a vocabulary


def prompt_of(wanted: EncoderSettings, folder: Path, kind: Kind) -> str:
    """Return the text before every query or document: as set, else the model's own, else nothing."""
    given = wanted.query_prompt if kind == "query" else wanted.document_prompt
    if given is not None:
        return given
    stored = _configured(folder)
    prompts = stored.get("prompts") or {}
    own = next((prompts[name] for name in PROMPT_NAMES[kind] if prompts.get(name)), None)
    default = prompts.get(stored.get("default_prompt_name") or "")
    return str(own or default or "")


def check_devices(settings: IndexSettings) -> None:
    """Find out before hours of encoding: raise SettingsError without the GPU that is asked for."""
    if settings.one_device == "cuda":
        for device in settings.encoder_devices or [settings.device]:
            resolve_device(device)


def read_as(kind: Kind, settings: IndexSettings) -> Kind:
    """Return what a model takes texts for: with --direction d2q, queries of the run are documents."""
    if settings.direction == "q2d":
        return kind
    return "document" if kind == "query" else "query"


def _configured(folder: Path) -> dict[str, Any]:
    """Return what a model's own file says of prompts and similarity; nothing where there is none."""
    try:
        stored = json.loads((folder / "config_sentence_transformers.json").read_text())
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) else {}


class Encoder:
    """A sentence-transformers model, or several copies of it, that load when they are first needed.

    settings: where it runs, in which precision, and how much it reads at once. per_token: whether a text has a
    vector for each token. sparse: whether a vector is as wide as a vocabulary, and mostly zeros.
    """

    per_token = False
    sparse = False

    def __init__(
        self,
        wanted: EncoderSettings,
        settings: IndexSettings,
        digest: Digest,
        flag: str = "--model",
    ) -> None:
        self._wanted, self._settings = wanted, settings
        self.folder = resolve_model(wanted.model, digest, flag)
        self._refuse_another_kind(f"{flag} {wanted.model}")
        self.fingerprint = model_fingerprint(self.folder, digest)
        self.dtype = resolve_dtype(settings.dtype, settings.one_device)
        self._told = False
        self.name = f"{flag} {wanted.model}"
        self.norms = Norms(settings.similarity)

    def _refuse_another_kind(self, name: str) -> None:
        """Raise InputError for a folder of another class, of whose layers only some would be used."""
        kind = saved_as(self.folder)
        is_own = self.per_token or self.sparse or kind in ("", "SentenceTransformer")
        if not is_own:
            raise InputError(
                f"{name} is a {kind}: as a bi-encoder, its last layers would be dropped. Give it as "
                f"{SETTINGS[kind]}, or name a SentenceTransformer."
            )

    def identity(self, kind: Kind) -> str:
        """Return what tells this encoder's vectors of queries, or of documents, from all others."""
        wanted = self._wanted
        prompt, role = self.prompt(kind), read_as(kind, self._settings)
        shaping = [self.fingerprint, prompt, wanted.max_length, self.dtype, role]
        cut = [] if wanted.dimensions is None else [wanted.dimensions]
        raw = ["dot"] if self._settings.similarity == "dot" else []  # their lengths are kept
        return identity_of([*shaping, *cut, *raw])

    @property
    def own_similarity(self) -> str:
        """What the model says that its vectors are compared by, such as cosine or dot; empty without a word."""
        return str(_configured(self.folder).get("similarity_fn_name") or "")

    def prompt(self, kind: Kind) -> str:
        """Return the text that goes before every query or document."""
        return prompt_of(self._wanted, self.folder, read_as(kind, self._settings))

    def size(self, kind: Kind) -> int:
        """Return how many dimensions the vectors have; loads the model."""
        vectors = self.encode(["a"], kind)
        return int(vectors.shape[1])

    def encode(self, texts: Sequence[str], kind: Kind) -> Floats:
        """Return vectors, float32 [texts, dimensions], dimensions 0 for no texts; unit vectors for cosine.

        Raises RetrieverError where the model fails, SettingsError for more --dimensions than it has.
        """
        done = list(self.work(kind)(texts))
        if not done:
            return np.empty((0, 0), np.float32)
        order = np.argsort(np.concatenate([places for places, _ in done]))
        vectors: Floats = np.concatenate([part for _, part in done])[order]
        return vectors

    def work(self, kind: Kind, note: Callable[[str], None] = lambda message: None) -> BatchedRows:
        """Return what encodes texts batch by batch (see BatchedRows); `note` hears where memory ran out."""

        def encoded(texts: Sequence[str]) -> Iterator[tuple[Places, Floats]]:
            prompt = self.prompt(kind)
            device = resolve_device(self._settings.one_device)
            tokens = budget(self._settings.batch_size, device)
            lengths = self._machine.lengths(texts, prompt)
            most = self._settings.batch_size * WIDE if self.sparse else None
            plan = batches(lengths, tokens, most)
            given = [[texts[place] for place in filled(places, lengths)] for places in plan]
            results = self._machine.run(given, read_as(kind, self._settings), prompt)
            for places, batch, (vectors, pieces) in zip(plan, given, results, strict=True):
                if pieces > 1:
                    self._tell(len(batch), pieces, note)
                yield places, self._checked(vectors[: len(places)], batch)

        return encoded

    def _checked(self, vectors: NDArray[Any], batch: Sequence[str]) -> NDArray[Any]:
        """Return vectors as they are kept; raise InputError for one that is unusable."""
        return self.norms(self._truncated(vectors), partial(_unusable, batch))

    def _truncated(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """Return the first --dimensions of every vector (Kusupati et al. 2022, Matryoshka): not of length 1."""
        wanted, size = self._wanted.dimensions, vectors.shape[1]
        if wanted is not None and wanted > size:
            raise SettingsError(
                f"--dimensions {wanted}: {self.name} gives vectors of {size} dimensions. Give {size} or less."
            )
        return vectors[:, :wanted]

    @cached_property
    def _machine(self) -> Machine:
        settings, length = self._settings, self._wanted.max_length
        kind = (self.per_token, self.sparse)
        spec = Spec(self.folder, self.name, settings.device, self.dtype, length, *kind)
        several = settings.encoder_devices
        return Workers(spec, several) if several else Model(spec)

    def _tell(self, texts: int, pieces: int, note: Callable[[str], None]) -> None:
        """Say once that memory ran out."""
        if not self._told:
            self._told = True
            note(message(self.name, "--batch-size", self._settings.batch_size, texts, pieces))


def _unusable(batch: Sequence[str], row: int) -> str:
    return f"the model gave no usable vector for {batch[row][:60]!r}"
