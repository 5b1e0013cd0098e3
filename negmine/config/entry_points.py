"""Names that installed packages give their plug-ins: entry points.

A name counts where the user gives it, on the command line or in a file. There it becomes the plug-in that it
stands for, `package.module:factory:NAME`. A work directory remembers the plug-in: no name that somebody else
wrote is ever looked up. Only the metadata of packages is read; nothing is imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from negmine.config.formats import FORMAT_NAMES
from negmine.config.naming import flag
from negmine.config.resolved import RetrieverInfo
from negmine.config.settings import Settings
from negmine.config.table import StageSettings
from negmine.errors import SettingsError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUPS = {
    "retriever": "negmine.retrievers",
    "rerank_model": "negmine.scorers",
    "format": "negmine.formats",
}
BY_THE_USER = ("flag", "file")
_WORD = re.compile(r"[\w.-]+")


def registered(setting: str) -> list[str]:
    """Return the names that installed packages register for a setting of GROUPS."""
    return sorted({one.name for one in _points(setting)})


def plugin_of(setting: str, name: str) -> str | None:
    """Return the plug-in that a name stands for, or None.

    Raises SettingsError where two packages register it.
    """
    points = [one for one in _points(setting) if one.name == name]
    specs = sorted({f"{one.module}:{one.attr}:{one.name}" for one in points})
    if len(specs) > 1:
        raise SettingsError(
            f"{flag(setting)} {name}: several packages register this name: "
            f"{', '.join(sorted(map(_package, points)))}. Name the plug-in itself: {' or '.join(specs)}."
        )
    return specs[0] if specs else None


def with_plugins(
    given: Settings, origins: Mapping[str, str], info: Callable[[str], Iterable[RetrieverInfo]]
) -> Settings:
    """Return the settings with a plug-in for every registered name that the user gave.

    negmine's own names, and those of runs, stay. info: raises SettingsError for a retriever that is none.
    """
    update: dict[str, StageSettings] = {}
    if origins.get("retriever") in BY_THE_USER:
        runs = {value.partition("=")[0] for value in given.index.run}
        names = [_retriever(name, runs, info) for name in given.index.retriever]
        update["index"] = given.index.model_copy(update={"retriever": tuple(names)})
    model = given.rerank.rerank_model
    if origins.get("rerank_model") in BY_THE_USER and model is not None and _WORD.fullmatch(model):
        spec = plugin_of("rerank_model", model) or model
        update["rerank"] = given.rerank.model_copy(update={"rerank_model": spec})
    if origins.get("format") in BY_THE_USER:
        update["write"] = given.write.model_copy(
            update={"format": tuple(map(_format, given.write.format))}
        )
    return given.model_copy(update=update)


def _format(name: str) -> str:
    if name in FORMAT_NAMES or not _WORD.fullmatch(name):
        return name
    return plugin_of("format", name) or name


def _retriever(name: str, runs: set[str], info: Callable[[str], Iterable[RetrieverInfo]]) -> str:
    if name in runs or not _WORD.fullmatch(name):
        return name
    try:
        info(name)
    except SettingsError:
        spec = plugin_of("retriever", name)
        if spec is None:
            raise
        return spec
    return name


def _points(setting: str) -> list[EntryPoint]:
    from importlib.metadata import entry_points  # slow to import, and seldom needed

    return list(entry_points(group=GROUPS[setting]))


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module
