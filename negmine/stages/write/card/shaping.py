"""The settings that shaped the rows of a run, as the manifests recorded them."""

from __future__ import annotations

from typing import Any, NamedTuple

from negmine.engine.context import Context
from negmine.retrievers.registry import types
from negmine.scorers import registry
from negmine.stages.filter.limits.read import chosen_by_budget
from negmine.storage.layout import (
    CONTAMINATED,
    CORPUS,
    GENERATED,
    QRELS,
    QUERIES,
    VERDICTS,
    stage_of,
    training,
)
from negmine.storage.manifest import Manifest

# Fingerprints are listed with the models; addresses and prompts may be private.
_ELSEWHERE = frozenset(
    [
        "sources",
        "model",
        "query_model",
        "vectors",
        "query",
        "document",
        "judge",
        "first",
        "prompt",
        "shipped",
        "signals",
        "evaluation",
        "last_round",
        "generate_query_only_prompt",
        "generate_contrast_prompt",
        "generate_near_topic_prompt",
        "for_short",
    ]
)


class Shaping(NamedTuple):
    """One setting: the stage it belongs to, its name, and its value as text."""

    stage: str
    name: str
    value: str


def shaping(context: Context) -> list[Shaping]:
    """Return every setting that is not off, in the order of the stages, each once."""
    settings: dict[tuple[str, str], Shaping] = {}
    owners = _owners(context)
    for artifact in _artifacts(context):
        manifest = context.work.manifest(artifact)
        recorded = manifest.settings if manifest else {}
        budget = _budget(context) if artifact == VERDICTS else {}
        for name, value in (recorded | budget).items():
            if name not in _ELSEWHERE and _is_on(value) and not _is_idle(name, manifest):
                shown = owners.get(artifact, "") + name.replace("_", "-")
                row = Shaping(stage_of(artifact), shown, as_text(value))
                settings.setdefault((artifact.split("/")[0], shown), row)
    return list(settings.values())


def _owners(context: Context) -> dict[str, str]:
    """Return what stands before settings of an index: the retriever's name, of several with vectors."""
    with_vectors = {one.name for one in context.config.retrievers if one.has_vectors}
    return {
        index: f"{kind.name} "
        for kind in types(context.config)
        for index in kind.indexes(context)
        if kind.name in with_vectors and len(with_vectors) > 1
    }


def _budget(context: Context) -> dict[str, Any]:
    """Return --max-leak, and what it has chosen, as settings; empty without it."""
    chosen = chosen_by_budget(context)
    settings = {name: f"{value:g}, chosen by max-leak" for name, value in chosen.items()}
    return {"max_leak": context.config.filter.max_leak, **settings} if settings else {}


def _is_idle(name: str, manifest: Manifest | None) -> bool:
    """Tell whether nothing reads a setting: a guide's without a guide, the delta of a formula without one."""
    if manifest is None:
        return True
    if name.startswith("guide_"):
        return not any(one.startswith("4-filter/guide") for one in manifest.inputs)
    if name == "bm25_delta":
        return manifest.settings["bm25_variant"] not in ("bm25l", "bm25+")
    return name == "skip_top" and manifest.settings[name] == 0


def as_text(value: Any) -> str:
    """Return a setting's value as people write it."""
    if isinstance(value, list | tuple):
        return ", ".join(map(as_text, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    return repr(value) if isinstance(value, str) and value != value.strip() else str(value)


def _is_on(value: Any) -> bool:
    return value is not None and value is not False and value not in ("", [], ())


def _artifacts(context: Context) -> list[str]:
    kinds = types(context.config)
    indexes = [name for kind in kinds for name in kind.indexes(context) if name != CORPUS]
    runs = [kind.run(context.config) for kind in kinds]
    scorers = registry.scorers(context.config).values()
    evaluation = [CONTAMINATED] if context.config.filter.decontaminate else []
    files = map(training, context.config.write.format)
    pool = [GENERATED] if context.config.generates else []
    before = [CORPUS, QUERIES, QRELS, *indexes, *runs, context.candidates, *pool, *scorers]
    return [*before, *evaluation, VERDICTS, *files]
