"""What every table of settings has in common: unknown keys and bent values are refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from negmine.config.naming import flag, is_address, nearest
from negmine.config.wanted import bounds_of, in_words
from negmine.errors import SettingsError

NONE = "none"  # for a setting that may be empty: forget what the file or the work directory has


class SettingsTable(BaseModel):
    """A frozen settings table that refuses unknown keys, and values of another kind than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_kind(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what pydantic would bend into a number or a switch: true, "5", nan, inf."""
        name = str(info.field_name)
        annotation = cls.model_fields[name].annotation
        if get_origin(annotation) is tuple and isinstance(value, str | int | Path | None):
            value = () if value is None else (value,)  # one needs no list
        kinds = kinds_of(annotation)
        for one in _several(value):
            if isinstance(one, str | Path):
                _check_text(str(one))
        if kinds & {int, float}:
            _check_number(name, value, kinds, cls)
        elif bool in kinds and not isinstance(value, bool):
            raise ValueError("say true or false")
        elif Path in kinds and any(map(is_address, _several(value))):
            raise ValueError(
                "this is an address, and negmine reads files of this machine. Download it first, as with "
                "`hf download NAME --repo-type dataset --local-dir FOLDER`, and name the folder or file"
            )
        return value


class StageSettings(SettingsTable):
    """The settings of a stage: a TOML table, remembered in the work directory."""


T = TypeVar("T", bound=SettingsTable)


def validated(table: type[T], values: Mapping[str, Any], name: Callable[[str], str]) -> T:
    """Return the settings of a table; raise SettingsError, naming a field as `name` does."""
    try:
        return table(**values)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        info = table.model_fields.get(field)
        bounds = bounds_of(info.metadata) if info is not None else {}
        is_whole = info is not None and float not in kinds_of(info.annotation)
        problem, value = in_words(first, bounds, is_whole), first.get("input")
        raise SettingsError(f"{name(field)} {value!r}: {problem}.") from error


def chosen(table: type[T], given: Mapping[str, Any], command: str) -> T:
    """Return the checked settings of an analysis.

    given: field names to values; None and `none` are the default. command: whose settings they are.
    Raises SettingsError, with the flag in its message.
    """
    fields = table.model_fields
    for name in given:
        if name not in fields:
            raise SettingsError(f"{command} has no setting {name!r}.{nearest(name, fields)}")

    def is_default(name: str, value: Any) -> bool:
        may_be_none = type(None) in kinds_of(fields[name].annotation)
        return value is None or (value == NONE and may_be_none)

    values = {name: value for name, value in given.items() if not is_default(name, value)}
    return validated(table, values, flag)


def kinds_of(annotation: Any) -> set[Any]:
    """Return the plain types and literal values that a field may hold, whatever they are wrapped in."""
    inside = get_args(annotation)
    return set().union(*map(kinds_of, inside)) if inside else {annotation}


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _check_text(text: str) -> None:
    """Refuse what no file name, model or address can have in it."""
    if "\0" in text:
        raise ValueError("it has a NUL character in it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("it has half a character in it (a lone surrogate)") from None


def _check_number(name: str, value: Any, kinds: set[Any], table: type[SettingsTable]) -> None:
    if isinstance(value, list | tuple):
        for one in value:
            _check_number(name, one, kinds, table)
    if isinstance(value, bool):
        off = value is False and f"no_{name}" in table.model_fields
        how = f"; to turn it off, say no-{name.replace('_', '-')} = true" if off else ""
        raise ValueError(f"a number is wanted, not {str(value).lower()}{how}")
    if isinstance(value, str) and not kinds & {value, str}:
        raise ValueError("a number is wanted, not a text")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a finite number is wanted")


def setting(text: str, default: Any = None, *, group: str, **extra: Any) -> Any:
    """Return a field of a settings table.

    text: what the setting does, as help and docs show it. group: the heading it stands under there.
    extra: bounds (`ge`, `gt`, `le`, `lt`) and facts. `essential`: True if every short help shows it, "stage" if
    only that of its own stage does. `speed`: it changes no row. `shared_with`: the other stages whose work
    depends on it; their commands accept it, too.
    """
    bounds = {key: extra.pop(key) for key in ("ge", "gt", "le", "lt") if key in extra}
    facts = {"group": group, **extra}
    return Field(default, description=text, json_schema_extra=facts, **bounds)


def fact(field: FieldInfo, name: str) -> Any:
    """Return a fact of a settings field that `setting` was given (`group`, `speed` ...), or None."""
    facts = field.json_schema_extra
    return facts.get(name) if isinstance(facts, dict) else None


def default_text(field: FieldInfo) -> str:
    """Return the default as help and docs show it; empty where the setting is off or not set."""
    default = field.default
    if default is None or default is False:
        return ""
    if default is True:
        return "on"
    if isinstance(default, tuple):
        return ", ".join(map(str, default))
    return repr(default) if isinstance(default, str) and not default.strip() else str(default)
