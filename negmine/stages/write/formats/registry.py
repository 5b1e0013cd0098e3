"""Every output format by name. A new format is one file beside this one, and a name in config/formats.py.

The module of a format is imported when the format is asked for: the names alone, which `--help` shows, need no
Polars.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from negmine.config.formats import FORMAT_NAMES
from negmine.config.naming import is_plugin

if TYPE_CHECKING:
    from negmine.stages.write.formats.base import OutputFormat


# Name, as --format takes it, to the module that defines FORMAT.
MODULES = {name: f"negmine.stages.write.formats.{name.replace('-', '_')}" for name in FORMAT_NAMES}


class _Formats(Mapping[str, "OutputFormat"]):
    """Name to OutputFormat, in the order of MODULES. A plug-in is imported; `planned` imports none."""

    def __getitem__(self, name: str) -> OutputFormat:
        if is_plugin(name):
            from negmine.stages.write.formats.own import own_format

            return own_format(name)
        chosen: OutputFormat = import_module(MODULES[name]).FORMAT
        return chosen

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


FORMATS: Mapping[str, OutputFormat] = _Formats()
