"""The models that scored in a run: their names, and fingerprints of their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from negmine.engine.context import Context
from negmine.retrievers.registry import types
from negmine.scorers import registry
from negmine.storage.layout import GENERATED, RISK_MODEL, short_name


class Used(NamedTuple):
    """One model of a run. fingerprint: of its files, of a guide with its prompt; empty if unknown."""

    role: str
    name: str
    fingerprint: str


def used(context: Context) -> list[Used]:
    """Return the models whose scores are in the finished tables, retrievers' first."""
    config = context.config
    models = [
        *_retrievers(context), *_generator(context), *_rerank(context), *_guides(context),
    ]  # fmt: skip
    if "risk" in config.scorers:
        models.append(Used("risk", "linear", _identity(context, RISK_MODEL)))
    judge = registry.judge(config)
    if judge is not None:
        answers = str(_settings(context, judge).get("judge", ""))
        weights = answers.removeprefix("local ") if answers.startswith("local ") else ""
        models.append(Used("judge", _name(str(config.filter.judge)), weights))
    return models


def model_names(context: Context) -> list[str]:
    """Return the models' names alone, which need no finished table."""
    config = context.config
    kinds = types(config)
    encoders = [name for kind in kinds for name in (kind.model(config), kind.query_model(config))]
    writer = config.generate.generator if config.generates else None
    others = [writer, config.rerank.rerank_model, *config.filter.guide_model, config.filter.judge]
    return [_name(name) for name in [*encoders, *others] if name]


def _retrievers(context: Context) -> list[Used]:
    models = []
    for kind in types(context.config):
        name = kind.model(context.config)
        if name is None:
            continue
        shaping = _settings(context, kind.indexes(context)[0])
        if "vectors" in shaping:
            models.append(Used(kind.name, "brought vectors", str(shaping["vectors"][-1])[:16]))
        else:  # of a model at an endpoint, no files are known
            weights = "" if "endpoint" in shaping else str(shaping.get("model", ""))
            models.append(Used(kind.name, _name(name), weights))
            queries = kind.query_model(context.config)
            if queries is not None:
                weights = "" if "endpoint" in shaping else str(shaping.get("query_model", ""))
                models.append(Used(f"{kind.name} queries", _name(queries), weights))
    return models


def _generator(context: Context) -> list[Used]:
    """Return the model that wrote documents; of one at an endpoint, no files are known."""
    if not context.config.generates:
        return []
    identity = str(_settings(context, GENERATED).get("model", ""))
    weights = identity.removeprefix("local ") if identity.startswith("local ") else ""
    return [Used("generate", _name(str(context.config.generate.generator)), weights)]


def _rerank(context: Context) -> list[Used]:
    model = context.config.rerank.rerank_model
    if model is None:
        return []
    shaping = _settings(context, registry.scorers(context.config)["rerank"])
    return [Used("rerank", _name(model), str(shaping.get("model", "")))]


def _guides(context: Context) -> list[Used]:
    config, artifacts = context.config, registry.scorers(context.config)
    return [
        Used(name, _name(model), str(_settings(context, artifacts[name]).get("document", "")))
        for name, model in zip(config.guides, config.filter.guide_model, strict=True)
    ]


def _name(name: str) -> str:
    """Return a model's name; of a path only the last part: paths are private."""
    return short_name(name) if Path(name).is_absolute() else name


def _settings(context: Context, artifact: str) -> dict[str, Any]:
    manifest = context.work.manifest(artifact)
    return {} if manifest is None else manifest.settings


def _identity(context: Context, artifact: str) -> str:
    manifest = context.work.manifest(artifact)
    return "" if manifest is None else manifest.identity
