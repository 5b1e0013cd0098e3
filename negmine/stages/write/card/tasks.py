"""Task of the data card, `5-write/README.md`: it describes the files beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from negmine.config.settings import FORMATS
from negmine.data.templates import render
from negmine.engine.context import Context
from negmine.engine.tasks import Folder
from negmine.stages.filter.limits.read import read_limits
from negmine.stages.write.card.models import model_names, used
from negmine.stages.write.card.shaping import shaping as shaping_settings
from negmine.stages.write.card.text import Written, columns_told, front_matter, leak_line
from negmine.storage.files import write_text
from negmine.storage.layout import CARD, CORPUS, LIMITS, QRELS, SHORT, VERDICTS
from negmine.storage.workdir import Manifest

README = "README.md"
_READING = {
    "triplet": "A row per query, positive and negative.",
    "n-tuple": "A row per query and positive, with all its negatives.",
    "labeled-pair": "A row per query and document; `label` is 1 for a positive and 0 for a negative.",
    "labeled-list": "A row per query and positive: a list of documents, and `labels` of 1 and 0.",
}


def shaping(context: Context) -> dict[str, Any]:
    """Return what the card says beside what its inputs say: licence, names, other formats that lie there."""
    write = context.config.write
    others = {name: manifest.identity for name, manifest in _others(context).items()}
    return {
        "license": write.license,
        "language": list(write.language),
        "models": model_names(context),
        "formats": [f"{name} {identity}" for name, identity in others.items()],
    }


def card(context: Context) -> Folder:
    """Write the card; its rows are those of the training file that it is about."""

    def make(folder: Path) -> dict[str, Any]:
        write_text(folder / README, _text(context))
        return {"rows": _training(context).rows}

    return Folder(make)


def _text(context: Context) -> str:
    configs, write = _configs(context), context.config.write
    limits = context.work.manifest(LIMITS) if read_limits(context) else None
    return render(
        "negmine.stages.write.card",
        "card.md",
        escape=False,
        front=front_matter(configs, write.license, write.language),
        config=configs[0].name,
        loaded=next((one.name for one in configs if one.rows), None),
        configs=configs,
        rows=configs[0].rows,
        reading=_READING[configs[0].name],
        queries=context.work.require(QRELS).stats["queries_mined"],
        documents=context.work.require(CORPUS).rows,
        counts=_counts(context),
        models=used(context),
        settings=[
            (one.stage, one.name, one.value.replace("|", "\\|"))
            for one in shaping_settings(context)
        ],
        leak=leak_line(limits.stats if limits else {}),
        license=write.license,
        version=_training(context).versions.get("negmine", ""),
    )


def _configs(context: Context) -> list[Written]:
    """Return the format that was asked for, then the others that an earlier command has left."""
    current = _training(context)
    found = {context.config.write.format: current, **_others(context)}
    return [
        Written(
            name,
            manifest.rows,
            _columns(context, manifest),
            "these verdicts" if manifest.inputs == current.inputs else "earlier verdicts",
        )
        for name, manifest in found.items()
    ]


def _columns(context: Context, manifest: Manifest) -> str:
    schema = context.work.scan(manifest.artifact).collect_schema()
    return columns_told(schema.names())


def _training(context: Context) -> Manifest:
    return context.work.require(f"{CARD}/{context.config.write.format}")


def _others(context: Context) -> dict[str, Manifest]:
    found = {
        name: context.work.manifest(f"{CARD}/{name}")
        for name in FORMATS
        if name != context.config.write.format
    }
    return {name: manifest for name, manifest in found.items() if manifest is not None}


def _counts(context: Context) -> list[tuple[str, int]]:
    verdicts, short = context.work.require(VERDICTS).stats, context.work.require(SHORT).stats
    return [
        ("known positives", context.work.require(QRELS).stats["positives"]),
        ("candidates", verdicts["candidates"]),
        *((f"removed: `{reason}`", count) for reason, count in verdicts["removed"].items()),
        ("kept as possible negatives", verdicts["kept"]),
        ("negatives asked for per query", context.config.write.num_negatives),
        ("queries with fewer", short["queries_short"]),
        ("queries with none", short["queries_without_negatives"]),
    ]
