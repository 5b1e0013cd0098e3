"""From flags, a TOML file and what a work directory remembers to one checked `Settings`.

A flag beats the file, the file beats what the work directory remembers, that beats the default.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from negmine.config.naming import flag, key, nearest
from negmine.config.settings import ROOMS, Settings
from negmine.config.table import NONE, RoomSettings, kinds_of
from negmine.config.validate import check
from negmine.errors import SettingsError

REMEMBERED = "settings.json"
MODELS = ("model", "rerank_model", "guide_model", "judge_local")
OPPOSITES = {"no_risk": "max_risk", "max_risk": "no_risk"}  # others are called alike
SOURCES = ("data", "qrels_split", "corpus", "queries", "qrels", "pairs")
VECTORS = ("query_vectors", "document_vectors")
ONE, SEVERAL = ("device",), ("devices",)


def _named_in_file(path: Path, room: str, field: str) -> str:
    return f"{path}, [{room}]: {key(field)} ="


def room_of(field: str) -> str:
    """Return the room whose settings table has `field`."""
    return next(room for room, table in ROOMS.items() if field in table.model_fields)


def resolve(
    flags: Mapping[str, Any], config: Path | None = None, remembered: Settings | None = None
) -> Settings:
    """Merge and check all settings.

    `flags` maps field names to given values (no Nones). Raises SettingsError with one message.
    """
    tables: dict[str, dict[str, Any]] = {room: {} for room in ROOMS}
    if remembered is not None:
        for room in ROOMS:
            tables[room] |= getattr(remembered, room).model_dump(exclude_unset=True)
    if config is not None:
        for room, table in read_toml(config).items():
            _override(tables[room], table)
    unknown = [field for field in flags if field not in _all_fields()]
    if unknown:
        raise SettingsError(f"unknown setting {unknown[0]!r}.{nearest(unknown[0], _all_fields())}")
    for room in ROOMS:
        _override(tables[room], {f: v for f, v in flags.items() if room_of(f) == room})
    settings = Settings.model_validate({room: _checked(room, tables[room], flag) for room in ROOMS})
    check(settings)
    return settings


def read_toml(path: Path) -> dict[str, dict[str, Any]]:
    """Return the tables of a negmine.toml; paths in it are relative to its folder."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"--config {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"--config {path} is no TOML file: {error}.") from error
    tables: dict[str, dict[str, Any]] = {}
    for room, table in content.items():
        if room not in ROOMS or not isinstance(table, dict):
            known = ", ".join(f"[{name}]" for name in ROOMS)
            raise SettingsError(
                f"{path}: unknown entry {room!r}.{nearest(room, ROOMS)} The tables are {known}."
            )
        tables[room] = {_field(path, room, key): value for key, value in table.items()}
        for field, value in tables[room].items():
            kinds = kinds_of(ROOMS[room].model_fields[field].annotation)
            if isinstance(value, str) and value != NONE and Path in kinds:
                tables[room][field] = path.resolve().parent / value
        said = {field: v for field, v in tables[room].items() if not _is_none(field, v)}
        _checked(room, said, partial(_named_in_file, path, room))
    return tables


def remember(settings: Settings) -> dict[str, Any]:
    """Return what a work directory keeps of its settings: those that were said."""
    return {
        room: getattr(settings, room).model_dump(mode="json", exclude_unset=True) for room in ROOMS
    }


def _override(table: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Let `given` win; `none` forgets. Naming one data source unsays the others; so do opposites."""
    either = ((VECTORS, ("model",)), (("model",), VECTORS), (ONE, SEVERAL), (SEVERAL, ONE))
    for some, rivals in ((SOURCES, SOURCES), *either):
        if any(field in some for field in given):
            for field in rivals:
                table.pop(field, None)
    for field, value in given.items():
        if _is_none(field, value):
            table.pop(field, None)
            continue
        table[field] = value
        opposite = OPPOSITES.get(field) or (field[3:] if field.startswith("no_") else f"no_{field}")
        if opposite not in given:
            table.pop(opposite, None)


def _is_none(field: str, value: Any) -> bool:
    """Tell whether `none` is said. Raises SettingsError for a setting that always has a value."""
    one = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    info = ROOMS[room_of(field)].model_fields[field]
    kinds = kinds_of(info.annotation)
    if not isinstance(one, str | Path) or str(one) != NONE or NONE in kinds:
        return False
    if type(None) not in kinds and info.default != ():
        raise SettingsError(
            f"{flag(field)} none: this setting always has a value. The default is {info.default!r}."
        )
    return True


def _checked(room: str, table: dict[str, Any], name: Callable[[str], str]) -> RoomSettings:
    """Return a room's settings; raise SettingsError, calling a field as `name` does."""
    try:
        return _absolute(ROOMS[room](**table))
    except ValidationError as error:
        first = error.errors()[0]
        said, value = first["msg"].removeprefix("Value error, "), first.get("input")
        raise SettingsError(f"{name(str(first['loc'][0]))} {value!r}: {said}.") from error


def _absolute(settings: RoomSettings) -> RoomSettings:
    """Make paths absolute, and models that are folders or files here: they are remembered."""
    update: dict[str, Any] = {}
    for field in settings.model_fields_set:
        value = getattr(settings, field)
        if isinstance(value, Path):
            update[field] = value.expanduser().resolve()
        elif field in MODELS and value:
            many = isinstance(value, tuple)
            found = tuple(map(_model_path, value if many else (value,)))
            update[field] = found if many else found[0]
    return settings.model_copy(update=update)


def _model_path(name: str) -> str:
    path = Path(name).expanduser()
    return str(path.resolve()) if path.exists() else name


def _field(path: Path, room: str, key: str) -> str:
    field = key.replace("-", "_")
    fields = ROOMS[room].model_fields
    if field in _all_fields() and field not in fields:
        raise SettingsError(f"{path}: {key!r} stands in [{room}]. Put it into [{room_of(field)}].")
    if field not in fields:
        names = [name.replace("_", "-") for name in fields]
        raise SettingsError(f"{path}: unknown setting {key!r} in [{room}].{nearest(key, names)}")
    return field


def _all_fields() -> list[str]:
    return [field for table in ROOMS.values() for field in table.model_fields]
