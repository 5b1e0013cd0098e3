"""What differs in how two runs were made, from the manifests of their verdicts and of all inputs below."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from negmine.config.rounds import folder_name
from negmine.data.identity import canonical, identity_of
from negmine.engine.status import offered
from negmine.errors import MissingArtifact
from negmine.scorers.registry import SCORERS, scorer_type
from negmine.storage.layout import CANDIDATES, QRELS, VERDICTS
from negmine.storage.manifest import Manifest
from negmine.storage.workdir import Workdir

Made = Mapping[str, Manifest]  # role to manifest, see `role`
_FAMILIES = [r"(?:1-index|2-retrieve)/\w+"]  # names of retrievers have no - in them
_FAMILIES += [rf"{kind.family}(?:_\d+)?" for kind in SCORERS if kind.model is not None]
_NAMED = re.compile(rf"^({'|'.join(_FAMILIES)})[-/](.+)$")
_MODEL = (
    "model",
    "query_model",
    "vectors",
    "query",
    "document",
)  # settings that are a model's fingerprint
# Settings that say how deep a scorer searches, not what its scores mean.
_DEPTH = (
    "k", "depth", "scope", "wanted", "order", "vector_dtype", "late_vector_dtype", "index", "nprobe",
    "ef_search", "rescore", "tokens",
)  # fmt: skip
_STAGES = ("index", "retrieve", "generate", "rerank", "filter")
_OPTIONAL = {"rerank": "3-rerank", "generate": "2-generate"}  # and their folders


def role(name: str) -> tuple[str, str]:
    """Return an artifact's role and its model's name: `1-index/dense-x` is (`1-index/dense`, `x`)."""
    match = _NAMED.match(name)
    return (match[1], match[2]) if match else (name, "")


def made_from(work: Workdir) -> dict[str, Manifest]:
    """Return the manifests of a run's verdicts and of all artifacts that they were made from, by role.

    Deleted artifacts are left out. Raises MissingArtifact where there are no finished verdicts, or where an
    artifact below them was made again later; CorruptArtifact where a file is damaged.
    """
    if work.manifest(VERDICTS) is None:
        for name in (QRELS, CANDIDATES, VERDICTS):  # the first that is missing says what to run
            work.require(name)
    work.part_files(VERDICTS)
    made, todo = {}, [VERDICTS]
    while todo:
        manifest = work.manifest(todo.pop())
        if manifest is None or role(manifest.artifact)[0] in made:
            continue
        made[role(manifest.artifact)[0]] = manifest
        for name, identity in manifest.inputs.items():
            below = work.manifest(name)
            if below is not None and offered(below.identity, below) != identity:
                raise MissingArtifact(_overtaken(work, manifest, name))
            todo.append(name)
    return made


def _overtaken(work: Workdir, manifest: Manifest, name: str) -> str:
    later = _STAGES[_STAGES.index(manifest.stage) :]
    stages = [stage for stage in later if stage not in _OPTIONAL or _has(work, stage)]
    again = " && ".join(f"negmine {stage} {work.name}" for stage in stages)
    return f"{manifest.artifact} in {work.name} is older than its {name}. Run: {again}"


def _has(work: Workdir, stage: str) -> bool:
    return (work.shared / _OPTIONAL[stage]).is_dir()


def differences(a: Made, b: Made) -> dict[str, list[dict[str, Any]]]:
    """Return what differs: artifacts (on one side only), models, sources, settings, versions, rows.

    Each row has `a` and `b`, null where one side has none.
    """
    both = [name for name in sorted(a) if name in b]
    return {
        "artifacts": [
            {"artifact": name, "a": name in a, "b": name in b} for name in sorted({*a} ^ {*b})
        ],
        "models": [
            {"artifact": name, "a": _model(a.get(name)), "b": _model(b.get(name))}
            for name in sorted({*a} | {*b})
            if _model(a.get(name)) != _model(b.get(name))
        ],
        "sources": [
            {"artifact": name, "a": _sources(a[name]), "b": _sources(b[name])}
            for name in both
            if _sources(a[name]) != _sources(b[name])
        ],
        "settings": [
            row for name in both for row in changed(name, _settings(a[name]), _settings(b[name]))
        ],
        "versions": _versions(a, b),
        "rows": [
            {"artifact": name, "a": a[name].rows, "b": b[name].rows}
            for name in both
            if a[name].rows != b[name].rows
        ],
    }


def changed(artifact: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row per setting that has another value."""
    return [
        {"artifact": artifact, "setting": name, "a": a.get(name), "b": b.get(name)}
        for name in dict.fromkeys((*a, *b))
        if canonical(a.get(name)) != canonical(b.get(name))
    ]


def scale(made: Made, scorer: str, number: int = 1) -> str | None:
    """Return what a scorer's numbers mean: model or formula, by settings; equal texts, equal scales.

    number: the round of the run. None where the manifests with these settings are gone.
    """
    kind = scorer_type(scorer)
    if kind is not None and kind.scale is not None:
        return kind.scale
    roles = _searched_by(made, scorer, number) if kind is None else [kind.role(scorer)]
    settings = [made[name].settings for name in roles if name in made]
    shaping = [{key: one[key] for key in one if key not in _DEPTH} for one in settings]
    return canonical([one for one in shaping if one]) if any(shaping) else None


def _searched_by(made: Made, retriever: str, number: int) -> list[str]:
    """Return the roles of a retriever's index and run, and of what the run read that is no table."""
    folder = folder_name(retriever, number)
    if f"2-retrieve/{folder}" not in made:
        folder = retriever  # no dense model: it is called the same in all rounds
    own = [f"1-index/{folder}", f"2-retrieve/{folder}"]
    run = made.get(own[1])
    inputs = sorted(role(name)[0] for name in run.inputs) if run is not None else []
    tables = [name for name, one in made.items() if one.schema is not None]
    return [*own, *(name for name in inputs if name not in (*own, *tables))]


def _model(manifest: Manifest | None) -> dict[str, str] | None:
    """Return a model's name and fingerprint, of an artifact that has one."""
    if manifest is None or not role(manifest.artifact)[1]:
        return None
    parts = {name: manifest.settings[name] for name in _MODEL if name in manifest.settings}
    if not parts:
        return None  # a run: its index has the model
    only = next(iter(parts.values()))
    single = len(parts) == 1 and isinstance(only, str)
    fingerprint = str(only) if single else identity_of(parts)
    return {"name": role(manifest.artifact)[1], "fingerprint": fingerprint}


def _sources(manifest: Manifest) -> list[str]:
    sources: list[str] = manifest.settings.get("sources", [])
    return sources


def _settings(manifest: Manifest) -> dict[str, Any]:
    """Return the settings that are neither model nor source, and how the artifact is made."""
    others = (*_MODEL, "sources") if role(manifest.artifact)[1] else ("sources",)
    settings = {name: value for name, value in manifest.settings.items() if name not in others}
    return settings | {"schema": manifest.schema, "revision": manifest.revision}


def _versions(a: Made, b: Made) -> list[dict[str, Any]]:
    old, new = _by_package(a.values()), _by_package(b.values())
    return [
        {"package": name, "a": old.get(name), "b": new.get(name)}
        for name in sorted({*old} | {*new})
        if old.get(name) != new.get(name)
    ]


def _by_package(made: Iterable[Manifest]) -> dict[str, str]:
    """Return the versions that made a run, by package; several of one package with commas."""
    versions: dict[str, set[str]] = {}
    for manifest in made:
        for package, version in manifest.versions.items():
            versions.setdefault(package, set()).add(version)
    return {package: ", ".join(sorted(several)) for package, several in versions.items()}
