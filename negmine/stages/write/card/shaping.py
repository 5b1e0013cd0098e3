"""The settings that shaped the rows of a run, as the manifests recorded them."""

from __future__ import annotations

from typing import Any, NamedTuple

from negmine.stages.context import CANDIDATES, CORPUS, QRELS, VERDICTS, House
from negmine.storage.workdir import Manifest

# Fingerprints are told with the models; addresses and prompts may be private.
_TOLD_ELSEWHERE = frozenset(
    [
        "sources",
        "model",
        "vectors",
        "query",
        "document",
        "judge",
        "first",
        "prompt",
        "shipped",
        "signals",
    ]
)


class Shaping(NamedTuple):
    """One setting: the room it belongs to, its name, and its value as text."""

    room: str
    name: str
    value: str


def shaping(house: House) -> list[Shaping]:
    """Return every setting that is not off, in the order of the rooms, each once."""
    found: dict[tuple[str, str], Shaping] = {}
    for artifact in _artifacts(house):
        manifest = house.work.manifest(artifact)
        for name, value in (manifest.settings if manifest else {}).items():
            key = (artifact.split("/")[0], name)
            if name not in _TOLD_ELSEWHERE and _is_on(value) and not _is_idle(name, manifest):
                room = key[0].split("-", 1)[1]
                found.setdefault(key, Shaping(room, name.replace("_", "-"), said(value)))
    return list(found.values())


def _is_idle(name: str, manifest: Manifest | None) -> bool:
    """Tell whether nothing reads a setting: a guide's without a guide, the delta of a formula without one."""
    if manifest is None:
        return True
    if name.startswith("guide_"):
        return not any(one.startswith("4-filter/guide") for one in manifest.inputs)
    if name == "bm25_delta":
        return manifest.settings["bm25_variant"] not in ("bm25l", "bm25+")
    return name == "skip_top" and manifest.settings[name] == 0


def said(value: Any) -> str:
    """Return a setting's value as people write it."""
    if isinstance(value, list | tuple):
        return ", ".join(map(said, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    return repr(value) if isinstance(value, str) and value != value.strip() else str(value)


def _is_on(value: Any) -> bool:
    return value is not None and value is not False and value not in ("", [], ())


def _artifacts(house: House) -> list[str]:
    indexes = [house.vectors] if "dense" in house.retrievers else []
    runs = [
        house.dense_run if name == "dense" else f"2-retrieve/{name}" for name in house.retrievers
    ]
    written = f"5-write/{house.settings.write.format}"
    rooms = [CORPUS, QRELS, "1-index/bm25", *indexes, *runs, CANDIDATES]
    return [*rooms, *house.scorers.values(), VERDICTS, written]
