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
from negmine.models.workers import Workers

Kind = Literal["query", "document"]
WIDE = 4  # times --batch-size: texts at once where a vector is as wide as a vocabulary


def prompt_of(wanted: EncoderSettings, folder: Path, kind: Kind) -> str:
    """Return the text before every query or document: as set, else the model's own, else nothing."""
    given = wanted.query_prompt if kind == "query" else wanted.document_prompt
    if given is not None:
        return given
    try:
        stored: dict[str, Any] = json.loads(
            (folder / "config_sentence_transformers.json").read_text()
        )
    except (OSError, ValueError):
        return ""
    prompts = stored.get("prompts") or {}
    own = next((prompts[name] for name in PROMPT_NAMES[kind] if prompts.get(name)), None)
    default = prompts.get(stored.get("default_prompt_name") or "")
    return str(own or default or "")


def check_devices(settings: IndexSettings) -> None:
    """Find out before hours of encoding: raise SettingsError without the GPU that is asked for."""
    if settings.one_device == "cuda":
        for device in settings.encoder_devices or [settings.device]:
            resolve_device(device)


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
        self.fingerprint = model_fingerprint(self.folder, digest)
        self.dtype = resolve_dtype(settings.dtype, settings.one_device)
        self._told = False
        self.name = f"{flag} {wanted.model}"

    def identity(self, kind: Kind) -> str:
        """Return what tells this encoder's vectors of queries, or of documents, from all others."""
        wanted = self._wanted
        prompt, read_as = self.prompt(kind), self._read_as(kind)
        shaping = [self.fingerprint, prompt, wanted.max_length, self.dtype, read_as]
        return identity_of(shaping if wanted.dimensions is None else [*shaping, wanted.dimensions])

    def prompt(self, kind: Kind) -> str:
        """Return the text that goes before every query or document."""
        return prompt_of(self._wanted, self.folder, self._read_as(kind))

    def size(self, kind: Kind) -> int:
        """Return how many dimensions the vectors have; loads the model."""
        vectors = self.encode(["a"], kind)
        return int(vectors.shape[1])

    def _read_as(self, kind: Kind) -> Kind:
        """Return what the model takes texts for: with --direction d2q, queries of the run are documents."""
        if self._settings.direction == "q2d":
            return kind
        return "document" if kind == "query" else "query"

    def encode(self, texts: Sequence[str], kind: Kind) -> Floats:
        """Return L2-normalised vectors, float32 [texts, dimensions], dimensions 0 for no texts.

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
            results = self._machine.run(given, self._read_as(kind), prompt)
            for places, batch, (vectors, pieces) in zip(plan, given, results, strict=True):
                if pieces > 1:
                    self._tell(len(batch), pieces, note)
                yield places, self._checked(vectors[: len(places)], batch)

        return encoded

    def _checked(self, vectors: NDArray[Any], batch: Sequence[str]) -> NDArray[Any]:
        """Return vectors as they are kept; raise InputError for one that is unusable."""
        return normalised(self._truncated(vectors), partial(_unusable, batch))

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
