"""What the plan asks of an output format. A plug-in is not imported for it: analyses make plans, too.

So a plug-in counts as one that reads every setting that a format may read. The name of the plug-in is in the
identity of its files; its code is not.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from negmine.config.naming import is_plugin
from negmine.config.settings import WriteSettings
from negmine.data.schemas import training_schema
from negmine.engine.context import Context
from negmine.stages.write.formats.registry import FORMATS
from negmine.storage.layout import CARD, training
from negmine.storage.manifest import MANIFEST

_INSTRUCTIONS: dict[str, tuple[str, ...]] = {
    "no": (), "one": ("instruction",), "each": ("instruction", "instruction_column"),
}  # fmt: skip


class Planned(NamedTuple):
    """teacher, instruction, most_negatives: see OutputFormat. main: of several files. row_per: may be empty."""

    teacher: str = "optional"
    instruction: str = "each"
    most_negatives: int | None = None
    main: str = ""
    row_per: str = ""

    @property
    def instructions(self) -> tuple[str, ...]:
        """The settings about instructions that shape its rows."""
        return _INSTRUCTIONS[self.instruction]


def planned(name: str) -> Planned:
    """Return what is known of a format that --format names, without an import of plug-ins."""
    if is_plugin(name):
        return Planned()
    one = FORMATS[name]
    return Planned(one.teacher, one.instruction, one.most_negatives, one.main, one.row_per)


def planned_schema(name: str, settings: WriteSettings) -> pa.Schema | None:
    """Return the schema that is in the plan: None for several files; a plug-in tells its columns later."""
    if is_plugin(name):
        return training_schema({})
    return None if FORMATS[name].main else FORMATS[name].schema(settings)


def left_formats(context: Context) -> list[str]:
    """Return the formats that an earlier command has left in the work directory, plug-ins last."""
    asked_for = context.config.write.format
    ours = [name for name in FORMATS if name not in asked_for]
    plugins = [spec for spec in _plugins(context) if spec not in asked_for]
    return [one for one in (*ours, *plugins) if context.work.manifest(training(one)) is not None]


def _plugins(context: Context) -> list[str]:
    """Return the plug-ins whose files lie there, as their manifests name them."""
    specs = []
    for path in sorted((context.work.shared / CARD).glob(f"*/{MANIFEST}")):
        manifest = context.work.manifest(f"{CARD}/{path.parent.name}")
        spec = "" if manifest is None else str(manifest.settings.get("format", ""))
        if manifest is not None and is_plugin(spec) and manifest.artifact == training(spec):
            specs.append(spec)
    return specs
