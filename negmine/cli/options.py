"""Typer options made from the settings tables, so that flags, TOML keys and docs stay the same.

Typer reads a command's flags from its signature. `with_settings` writes that signature: one keyword
per settings field, None where the flag was not given.
"""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from pydantic.fields import FieldInfo

from negmine.config.addresses import Address, as_address, shown
from negmine.config.catalogue import Entry, accepted
from negmine.config.entry_points import registered
from negmine.config.naming import flag, is_plugin, nearest
from negmine.config.settings import STAGES
from negmine.config.table import NONE, SettingsTable, default_text, fact, kinds_of
from negmine.stages.write.formats.registry import FORMATS

CHOICES = {"format": tuple(FORMATS)}  # of settings that also take names of packages


def place(path: Path | None) -> Path | None:
    """Return the address that a path means, as s3://bucket/work does; another path as it is."""
    try:
        found = as_address(path)
        return found if isinstance(found, Address) else path
    except ValueError as error:
        raise typer.BadParameter(f"{shown(path)}: {error}.") from error


Work = typing.Annotated[
    Path,
    typer.Argument(
        metavar="WORK",
        help="The work directory: a folder, or an address such as s3://bucket/work.",
        show_default=False,
        callback=place,
    ),
]
Config = typing.Annotated[
    Path | None, typer.Option("--config", help="A negmine.toml file of settings.")
]
Json = typing.Annotated[bool, typer.Option("--json", help="Print one JSON envelope to stdout.")]
Force = typing.Annotated[
    bool, typer.Option("--force", help="Make it again, even if it is up to date.")
]


def with_settings(
    *stages: str, only: Callable[[Entry], bool] = lambda entry: True, brief: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the flags of these stages (without names: of all), collected in `flags`.

    The command takes a keyword `flags: dict[str, Any]`: field names to given values. only: which settings.
    brief: the short help shows none of them; else it shows those that are essential.
    """
    entries = [entry for entry in accepted(stages or STAGES) if only(entry)]
    shown = {
        entry.name
        for entry in entries
        if entry.essential is True or (entry.essential == "stage" and stages == (entry.stage,))
    }
    fields = {entry.name: option(entry.name, entry.field) for entry in entries}
    return _with_flags(fields, set() if brief else shown)


def with_table(table: type[SettingsTable]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the flags of the settings table of an analysis, collected in `flags`."""
    fields = {name: option(name, field) for name, field in table.model_fields.items()}
    shown = {name for name, field in table.model_fields.items() if fact(field, "essential")}
    return _with_flags(fields, shown)


def _with_flags(
    fields: dict[str, inspect.Parameter], shown: set[str]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command these flags; the short help shows only the ones in `shown`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            given = {name: kwargs.pop(name) for name in fields}
            flags = {name: value for name, value in given.items() if value not in (None, [])}
            return command(*args, flags=flags, **kwargs)

        own = inspect.signature(command, eval_str=True)
        kept = [p for p in own.parameters.values() if p.name != "flags"]
        wrapped.__signature__ = own.replace(parameters=[*kept, *fields.values()])  # type: ignore[attr-defined]
        wrapped.__annotations__ = {p.name: p.annotation for p in [*kept, *fields.values()]}
        wrapped.minor_settings = set(fields) - shown  # type: ignore[attr-defined]
        wrapped.setting_names = frozenset(fields)  # type: ignore[attr-defined]
        return wrapped

    return decorate


def option(name: str, field: FieldInfo) -> inspect.Parameter:
    """Return the keyword parameter that Typer turns into the flag of a setting."""
    kind = _plain(field.annotation)
    kinds = kinds_of(field.annotation)
    declarations = [flag(name)]
    if kind is bool and not name.startswith("no_"):
        declarations = [f"{flag(name)}/{flag('no_' + name)}"]
    if typing.get_origin(kind) is typing.Literal and type(None) in kinds:
        kind = typing.Literal[(*typing.get_args(kind), NONE)]
    text, metavar = field.description or "", fact(field, "metavar") or _metavar(kind, kinds)
    if name in CHOICES:
        metavar = _CHOICE
        text += f" Any of: {', '.join(CHOICES[name])}, or package.module:FORMAT."
    elif metavar == _CHOICE:
        values = _values(kind)  # of many, the short help names none
        text += f" {'One of' if len(values) <= _MANY else 'Any of'}: {', '.join(values)}."
    default = default_text(field)
    info = typer.Option(
        *declarations,
        help=text + (f" [default: {default}]" if default else ""),
        metavar=metavar,
        parser=_number(kinds) if kinds & {int, float} and str not in kinds else None,
        callback=_known_formats if name == "format" else None,
        show_default=False,
        rich_help_panel=fact(field, "group"),
    )
    annotation = typing.Annotated[kind | None, info]  # type: ignore[valid-type]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _known_formats(values: list[str] | None) -> list[str] | None:
    """Refuse a name that no format has, before anything is opened."""
    names = [*FORMATS, *registered("format")] if values else []
    for name in values or []:
        if name not in names and not is_plugin(name):
            raise typer.BadParameter(
                f"{name!r} is not one of {', '.join(map(repr, names))}, or package.module:FORMAT."
                f"{nearest(name, names)}"
            )
    return values


def _metavar(kind: Any, kinds: set[Any]) -> str | None:
    """Return what stands for the value beside a flag; None: its choices, where they are short."""
    if _values(kind):
        return _CHOICE if len("|".join(_values(kind))) > _LONGEST_CHOICES else None
    return next((shown for plain, shown in _SHOWN.items() if plain in kinds), None)


def _values(kind: Any) -> list[str]:
    """Return the values that a flag may have; nothing where they are open."""
    if typing.get_origin(kind) is typing.Literal:
        return list(typing.get_args(kind))
    return []


_CHOICE = "NAME"
_MANY = 9  # choices
_LONGEST_CHOICES = (
    24  # characters of choices that stand beside a flag; longer ones follow the help text
)
_SHOWN = {float: "NUMBER", int: "COUNT", Path: "PATH", str: "TEXT"}


def _number(kinds: set[Any]) -> Callable[[str], Any]:
    """Return the reader of a number; the words that the setting knows stay words."""
    words = {kind for kind in kinds if isinstance(kind, str)}
    words |= {NONE} if type(None) in kinds else set()
    what = "number" if float in kinds else "whole number"

    def read(text: str) -> Any:
        if text in words:
            return text
        try:
            return float(text) if float in kinds else int(text)
        except ValueError as error:
            others = "".join(f" or {word!r}" for word in sorted(words))
            raise typer.BadParameter(f"{text!r} is not a {what}{others}.") from error

    return read


def _plain(annotation: Any) -> Any:
    """Return the type without `| None`; a tuple of values becomes a repeatable list."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        members = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
        annotation = members[0] if len(members) == 1 else str  # number or word: settings tell
    if typing.get_origin(annotation) is tuple:
        return list[_plain(typing.get_args(annotation)[0])]  # type: ignore[misc]
    return annotation
