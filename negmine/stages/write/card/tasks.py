"""The data card, `5-write/README.md`: it describes the training files that lie beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from negmine.data.templates import render
from negmine.engine.tasks import Folder
from negmine.stages.context import CARD, CORPUS, LIMITS, QRELS, SHORT, VERDICTS, House
from negmine.stages.write.card.models import names, used
from negmine.stages.write.card.shaping import shaping
from negmine.stages.write.card.text import Written, column_list, front_matter, leak_line, loadable
from negmine.stages.write.formats.registry import FORMATS, format_named
from negmine.storage.workdir import Manifest

README = "README.md"


def settings_of(house: House) -> dict[str, Any]:
    """Return what the card says beside what its inputs say: licence, names, other formats that lie there."""
    write = house.settings.write
    others = {name: manifest.identity for name, manifest in _others(house).items()}
    return {
        "license": write.license,
        "language": list(write.language),
        "models": names(house),
        "formats": [f"{name} {identity}" for name, identity in others.items()],
    }


def card(house: House) -> Folder:
    """Write the card; its rows are those of the training file that it is about."""

    def make(folder: Path) -> dict[str, Any]:
        (folder / README).write_text(_text(house), encoding="utf-8")
        return {"rows": _training(house).rows}

    return Folder(make)


def _text(house: House) -> str:
    configs, write = _configs(house), house.settings.write
    listed = loadable(configs)
    limits = house.work.manifest(LIMITS) if house.limits else None
    return render(
        "negmine.stages.write.card",
        "card.md",
        escape=False,
        front=front_matter(configs, write.license, write.language),
        config=configs[0].name,
        loaded=listed[0].name if listed else None,
        columns=FORMATS[listed[0].name].columns if listed else None,
        configs=configs,
        apart=[one for one in configs if one.rows and one not in listed],
        rows=configs[0].rows,
        reading=format_named(configs[0].name).reading,
        queries=house.work.require(QRELS).stats["queries_mined"],
        documents=house.work.require(CORPUS).rows,
        counts=_counts(house),
        models=used(house),
        settings=[(one.room, one.name, one.value.replace("|", "\\|")) for one in shaping(house)],
        leak=leak_line(limits.stats if limits else {}),
        license=write.license,
        version=_training(house).versions.get("negmine", ""),
    )


def _configs(house: House) -> list[Written]:
    """Return the format that was asked for, then the others that an earlier command has left."""
    current = _training(house)
    found = {house.settings.write.format: current, **_others(house)}
    return [
        Written(
            name,
            manifest.rows,
            column_list(_columns(name, manifest)),
            "these verdicts" if manifest.inputs == current.inputs else "earlier verdicts",
            FORMATS[name].file_kind,
            {part["file"]: part["rows"] for part in manifest.parts},
        )
        for name, manifest in found.items()
    ]


def _columns(name: str, manifest: Manifest) -> list[str]:
    names: list[str] = FORMATS[name].schema(manifest.settings["num_negatives"]).names
    return names


def _training(house: House) -> Manifest:
    return house.work.require(f"{CARD}/{house.settings.write.format}")


def _others(house: House) -> dict[str, Manifest]:
    found = {
        name: house.work.manifest(f"{CARD}/{name}")
        for name in FORMATS
        if name != house.settings.write.format
    }
    return {name: manifest for name, manifest in found.items() if manifest is not None}


def _counts(house: House) -> list[tuple[str, int]]:
    verdicts, short = house.work.require(VERDICTS).stats, house.work.require(SHORT).stats
    return [
        ("known positives", house.work.require(QRELS).stats["positives"]),
        ("candidates", verdicts["candidates"]),
        *((f"removed: `{reason}`", count) for reason, count in verdicts["removed"].items()),
        ("kept as possible negatives", verdicts["kept"]),
        ("negatives asked for per query", house.settings.write.num_negatives),
        ("queries with fewer", short["queries_short"]),
        ("queries with none", short["queries_without_negatives"]),
    ]
