"""Task of the data card, `5-write/README.md`: it describes the files beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from negmine.config.naming import is_plugin
from negmine.config.settings import WriteSettings
from negmine.data.markdown import inline
from negmine.data.sources.swapped import D2Q
from negmine.data.templates import render
from negmine.engine.context import Context
from negmine.engine.tasks import Folder
from negmine.stages.filter.contamination.dropped import dropped_queries
from negmine.stages.filter.limits.read import read_limits
from negmine.stages.write.card.evaluation import checked
from negmine.stages.write.card.models import model_names, used
from negmine.stages.write.card.shaping import shaping as shaping_settings
from negmine.stages.write.card.text import Written, column_list, front_matter, leak_line, loadable
from negmine.stages.write.formats.registry import FORMATS
from negmine.stages.write.planned import left_formats
from negmine.storage.files import write_text
from negmine.storage.layout import (
    CORPUS,
    LIMITS,
    PROVENANCE,
    QRELS,
    REFRESH,
    SHORT,
    SUSPECTS,
    VERDICTS,
    training,
)
from negmine.storage.manifest import Manifest

README = "README.md"


def shaping(context: Context) -> dict[str, Any]:
    """Return what the card says beside what its inputs say: licence, names, other formats that lie there."""
    write = context.config.write
    others = {name: manifest.identity for name, manifest in _left(context).items()}
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
    listed = loadable(configs)
    limits = context.work.manifest(LIMITS) if read_limits(context) else None
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
        swapped=context.config.index.direction == D2Q,
        reading=FORMATS[configs[0].name].reading,
        queries=context.work.require(QRELS).stats["queries_mined"],
        documents=context.work.require(CORPUS).rows,
        counts=_counts(context),
        models=[
            one._replace(role=inline(one.role), name=inline(one.name)) for one in used(context)
        ],
        settings=[(one.stage, one.name, inline(one.value)) for one in shaping_settings(context)],
        evaluation=[one._replace(name=inline(one.name)) for one in checked(context)],
        drop=context.config.filter.drop_contaminated,
        leak=leak_line(limits.stats if limits else {}),
        license=inline(write.license or ""),
        version=_training(context).versions.get("negmine", ""),
    )


def _configs(context: Context) -> list[Written]:
    """Return the formats that were asked for, then those that an earlier command has left."""
    current = _training(context)
    asked_for = context.config.write.format
    manifests = {name: context.work.require(training(name)) for name in asked_for} | _left(context)
    return [
        Written(
            name,
            manifest.rows,
            column_list(_columns(name, manifest)),
            "these verdicts" if manifest.inputs == current.inputs else "earlier verdicts",
            manifest.identity,
            FORMATS[name].file_kind,
            {part["file"]: part["rows"] for part in manifest.parts},
            FORMATS[name].main,
            FORMATS[name].has_columns,
        )
        for name, manifest in manifests.items()
    ]


def _columns(name: str, manifest: Manifest) -> list[str]:
    """Return the columns of a training file, as its manifest says that it was made."""
    recorded = manifest.settings
    settings = WriteSettings(
        num_negatives=recorded["num_negatives"],
        random_negatives=recorded.get("random_negatives", 0),
        teacher=recorded.get("teacher"),
    )
    names: list[str] = FORMATS[name].schema(settings).names
    return names


def _training(context: Context) -> Manifest:
    return context.work.require(training(context.config.write.main_format))


def _left(context: Context) -> dict[str, Manifest]:
    """Return the training files of formats that an earlier command has left."""
    others = [name for name in left_formats(context) if not is_plugin(name)]  # none is imported
    manifests = {name: context.work.manifest(training(name)) for name in others}
    return {name: manifest for name, manifest in manifests.items() if manifest is not None}


def _counts(context: Context) -> list[tuple[str, int]]:
    verdicts, short = context.work.require(VERDICTS).stats, context.work.require(SHORT).stats
    return [
        ("known positives", context.work.require(QRELS).stats["positives"]),
        *_suspected(context),
        ("candidates", verdicts["candidates"]),
        *((f"removed: `{reason}`", count) for reason, count in verdicts["removed"].items()),
        ("kept as possible negatives", verdicts["kept"]),
        *_generated(context),
        (f"negatives asked for per {context.config.write.per}", context.config.write.num_negatives),
        ("queries with fewer", short["queries_short"]),
        ("queries with none", short["queries_without_negatives"]),
        *_random(context),
        *_since(context),
        *_contaminated(context),
    ]


def _generated(context: Context) -> list[tuple[str, int]]:
    """Return how many documents a language model wrote, how many are kept, and how many are negatives."""
    if not context.config.generates:
        return []
    counts = context.work.require(VERDICTS).stats["generated"]
    written = context.work.require(PROVENANCE).stats
    shared = counts.get("for_others")
    return [
        ("of the candidates written by a language model", counts["candidates"]),
        *([("of these written for another query", shared["candidates"])] if shared else []),
        ("of these kept", counts["kept"]),
        ("negatives written by a language model", written.get("generated", 0)),
        *(
            [("of these written for another query", written["generated_for_others"])]
            if shared
            else []
        ),
    ]


def _since(context: Context) -> list[tuple[str, int]]:
    number = context.config.round
    if number == 1:
        return []
    stats = context.work.require(REFRESH).stats
    return [
        ("round of mining", number),
        (f"negatives that round {number - 1} had, too", stats["negatives_kept"]),
        (f"negatives that are new since round {number - 1}", stats["negatives_new"]),
    ]


def _contaminated(context: Context) -> list[tuple[str, int]]:
    count = len(dropped_queries(context))
    return [("queries left out as contaminated", count)] if count else []


def _suspected(context: Context) -> list[tuple[str, int]]:
    if context.config.write.drop_positives == "none":
        return []
    count = context.work.require(SUSPECTS).stats["positives_suspected"]
    return [("of them suspected, and not written", count)]


def _random(context: Context) -> list[tuple[str, int]]:
    count = context.config.write.random_negatives
    return [("random documents per query, besides", count)] if count else []
