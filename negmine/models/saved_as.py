"""Which class of sentence-transformers a model's folder was saved by.

Each class also loads the folders of the others: it drops their last layers, or puts layers of random weights on
them, and says so in a line among many. negmine refuses them, and names the setting that they are for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SETTINGS = {
    "SentenceTransformer": "--model",
    "SparseEncoder": "--sparse-model",
    "MultiVectorEncoder": "--late-model",
    "ColBERT": "--late-model",  # of PyLate
    "CrossEncoder": "--rerank-model",
}
"""Class to the setting that takes such a model."""


def saved_as(folder: Path) -> str:
    """Return the class, a key of SETTINGS; empty for a plain transformer, and for an unknown one."""
    stored = _read(folder / "config_sentence_transformers.json")
    kind = stored.get("model_type") if isinstance(stored, dict) else None
    if isinstance(kind, str):
        return kind if kind in SETTINGS else ""
    modules = _read(folder / "modules.json")  # older releases wrote no model_type
    types = [str(one.get("type")) for one in modules if isinstance(one, dict)] if modules else []
    is_dense = any(name.endswith((".Pooling", ".StaticEmbedding")) for name in types)
    return "SentenceTransformer" if is_dense else ""


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
