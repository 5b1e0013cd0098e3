"""What differs in how two runs were made, from the manifests of what their verdicts rest on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from negmine.data.identity import canonical, identity_of
from negmine.engine.status import offered
from negmine.errors import MissingArtifact
from negmine.storage.layout import CANDIDATES, QRELS, VERDICTS
from negmine.storage.workdir import Manifest, Workdir

Made = Mapping[str, Manifest]  # role to manifest, see `role`
_NAMED = re.compile(
    r"^((?:1-index|2-retrieve)/(?:dense|vectors|faiss|recall)|4-filter/(?:guide(?:_\d+)?|judge))-(.+)$"
)
_MODEL = ("model", "vectors", "query", "document")  # settings that are a model's fingerprint
# How far and how a scorer looks, not on what scale it speaks.
_DEPTH = ("k", "depth", "scope", "wanted", "order", "vector_dtype", "index", "nprobe", "ef_search")
_STAGES = ("index", "retrieve", "rerank", "filter")


def role(name: str) -> tuple[str, str]:
    """Return an artifact's role and its model's name: `1-index/dense-x` is (`1-index/dense`, `x`)."""
    found = _NAMED.match(name)
    if found:
        return found[1], found[2]
    return (
        ("3-rerank", name.removeprefix("3-rerank/")) if name.startswith("3-rerank/") else (name, "")
    )


def made_from(work: Workdir) -> dict[str, Manifest]:
    """Return the manifests of a run's verdicts and of all that they rest on, by role.

    What was deleted since is left out. Raises MissingArtifact where there are no finished verdicts, or
    where something they rest on has been made anew since; CorruptArtifact where a file is damaged.
    """
    if work.manifest(VERDICTS) is None:
        for name in (QRELS, CANDIDATES, VERDICTS):  # the first that is missing says what to run
            work.require(name)
    work.part_files(VERDICTS)
    found, todo = {}, [VERDICTS]
    while todo:
        manifest = work.manifest(todo.pop())
        if manifest is None or role(manifest.artifact)[0] in found:
            continue
        found[role(manifest.artifact)[0]] = manifest
        for name, identity in manifest.inputs.items():
            below = work.manifest(name)
            if below is not None and offered(below.identity, below) != identity:
                raise MissingArtifact(_overtaken(work, manifest, name))
            todo.append(name)
    return found


def _overtaken(work: Workdir, manifest: Manifest, name: str) -> str:
    stages = [
        r for r in _STAGES[_STAGES.index(manifest.stage) :] if r != "rerank" or _reranks(work)
    ]
    again = " && ".join(f"negmine {stage} {work.root}" for stage in stages)
    return f"{manifest.artifact} in {work.root} is older than its {name}. Run: {again}"


def _reranks(work: Workdir) -> bool:
    return (work.root / "3-rerank").is_dir()


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


def scale(made: Made, scorer: str) -> str | None:
    """Return what a scorer's numbers mean: model or formula, by settings; equal texts, equal scales.

    None where the manifests that know are gone.
    """
    if scorer == "risk":
        return "a probability"
    places = [f"1-index/{scorer}", f"2-retrieve/{scorer}", f"4-filter/{scorer}"]
    places += ["2-retrieve/vectors"] if scorer == "dense" else []
    names = ["3-rerank"] if scorer == "rerank" else places
    told = [made[name].settings for name in names if name in made]
    meant = [{key: one[key] for key in one if key not in _DEPTH} for one in told]
    return canonical([one for one in meant if one]) if any(meant) else None


def _model(manifest: Manifest | None) -> dict[str, str] | None:
    """Return a model's name and fingerprint, of an artifact that has one."""
    if manifest is None or not role(manifest.artifact)[1]:
        return None
    known = {name: manifest.settings[name] for name in _MODEL if name in manifest.settings}
    if not known:
        return None  # a run: its index has the model
    only = next(iter(known.values()))
    single = len(known) == 1 and isinstance(only, str)
    fingerprint = str(only) if single else identity_of(known)
    return {"name": role(manifest.artifact)[1], "fingerprint": fingerprint}


def _sources(manifest: Manifest) -> list[str]:
    found: list[str] = manifest.settings.get("sources", [])
    return found


def _settings(manifest: Manifest) -> dict[str, Any]:
    """Return the settings that are neither model nor source, and how the artifact is made."""
    known = (*_MODEL, "sources") if role(manifest.artifact)[1] else ("sources",)
    told = {name: value for name, value in manifest.settings.items() if name not in known}
    return told | {"schema": manifest.schema, "revision": manifest.revision}


def _versions(a: Made, b: Made) -> list[dict[str, Any]]:
    old, new = _said_versions(a.values()), _said_versions(b.values())
    return [
        {"package": name, "a": old.get(name), "b": new.get(name)}
        for name in sorted({*old} | {*new})
        if old.get(name) != new.get(name)
    ]


def _said_versions(made: Iterable[Manifest]) -> dict[str, str]:
    """Return the versions that made a run; several of one package with commas."""
    found: dict[str, set[str]] = {}
    for manifest in made:
        for package, version in manifest.versions.items():
            found.setdefault(package, set()).add(version)
    return {package: ", ".join(sorted(versions)) for package, versions in found.items()}
