"""Weights that ship with negmine, for data with too few positives to learn from.

`weights.json` was made by tests/bench/learn_risk.py; it says from what, and how the weights did on
collections they had not seen. One entry per set of retrievers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import replace
from importlib.resources import files
from typing import Any

import numpy as np

from negmine.stages.filter.risk.blend import Shipped
from negmine.stages.filter.risk.model import Model

DENSE = "dense"  # of the weights


def entry(retrievers: Collection[str]) -> str:
    """Return which weights fit, by the names of retrievers that weights ship for: bm25+dense, bm25 ..."""
    with_weights = {name for key in read()["models"] for name in key.split("+")}
    return "+".join(sorted(with_weights & set(retrievers)))


def read() -> dict[str, Any]:
    """Return the whole of weights.json."""
    weights: dict[str, Any] = json.loads((files(__package__) / "weights.json").read_text())
    return weights


def shipped(retrievers: Collection[str], first: str | None = DENSE) -> Shipped | None:
    """Return the weights for these retrievers, or None where only others than negmine's search.

    first: the retriever whose signals have the weights of `dense`: the first model, whatever its name.
    """
    others = set(retrievers) - {first, DENSE}
    name = entry(others | {DENSE} if first in retrievers else others)
    stored = read()["models"].get(name)
    if stored is None:
        return None
    model = from_json(stored)
    names = (re.sub(f"^{DENSE}(?=_)", str(first), signal) for signal in model.names)
    return Shipped(name, replace(model, names=tuple(names)), stored["labelled_share"])


def from_json(stored: dict[str, Any]) -> Model:
    """Return a model from its JSON."""
    rows = stored["signals"]
    mean, scale, weight = (
        np.array([row[key] for row in rows.values()]) for key in ("mean", "scale", "weight")
    )
    return Model(tuple(rows), mean, scale, weight, stored["intercept"])


def to_json(model: Model) -> dict[str, Any]:
    """Return a model as JSON, numbers rounded to six digits."""
    columns = zip(model.mean, model.scale, model.weight, strict=True)
    rows = [{"mean": m, "scale": s, "weight": w} for m, s, w in columns]
    rounded = [{key: float(f"{value:.6g}") for key, value in row.items()} for row in rows]
    named = dict(zip(model.names, rounded, strict=True))
    return {"signals": named, "intercept": float(f"{model.intercept:.6g}")}
