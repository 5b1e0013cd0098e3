"""Who scored in a run: models by the name they were called, with the fingerprint of what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from negmine.config.effective import guide_names
from negmine.models.locate import short_name
from negmine.stages.context import RISK_MODEL, House


class Used(NamedTuple):
    """One model of a run. fingerprint: of its files, of a guide with its prompt; empty if unknown."""

    role: str
    name: str
    fingerprint: str


def used(house: House) -> list[Used]:
    """Return the models whose scores are in the finished tables, retrievers' first."""
    found = [*_encoder(house), *_rerank(house), *_guides(house)]
    if "risk" in house.scorers:
        found.append(Used("risk", house.settings.filter.risk_learner, _identity(house, RISK_MODEL)))
    if house.judge is not None:
        said = str(_settings(house, house.judge).get("judge", ""))
        weights = said.removeprefix("local ") if said.startswith("local ") else ""
        found.append(Used("judge", _name(str(house.settings.filter.judge)), weights))
    return found


def names(house: House) -> list[str]:
    """Return the models' names alone, which need no finished table."""
    settings = house.settings
    asked = [settings.index.model] if "dense" in settings.index.retriever else []
    others = [settings.rerank.rerank_model, *settings.filter.guide_model, settings.filter.judge]
    return [_name(name) for name in [*asked, *others] if name]


def _encoder(house: House) -> list[Used]:
    settings = house.settings.index
    if "dense" not in settings.retriever:
        return []
    said = _settings(house, house.vectors)
    if "vectors" in said:
        return [Used("dense", "brought vectors", str(said["vectors"][-1])[:16])]
    return [Used("dense", _name(settings.model), str(said.get("model", "")))]


def _rerank(house: House) -> list[Used]:
    model = house.settings.rerank.rerank_model
    if model is None:
        return []
    said = _settings(house, house.scorers["rerank"])
    return [Used("rerank", _name(model), str(said.get("model", "")))]


def _guides(house: House) -> list[Used]:
    rules = house.settings.filter
    return [
        Used(name, _name(model), str(_settings(house, house.scorers[name]).get("document", "")))
        for name, model in zip(guide_names(rules), rules.guide_model, strict=True)
    ]


def _name(name: str) -> str:
    """Return a model's name; of a path its last part, since paths are nobody else's business."""
    return short_name(name) if Path(name).is_absolute() else name


def _settings(house: House, artifact: str) -> dict[str, Any]:
    manifest = house.work.manifest(artifact)
    return {} if manifest is None else manifest.settings


def _identity(house: House, artifact: str) -> str:
    manifest = house.work.manifest(artifact)
    return "" if manifest is None else manifest.identity
