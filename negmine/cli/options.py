"""Typer options made from the settings tables, so that flags, TOML keys and docs cannot drift.

Typer reads a command's flags from its signature. `with_settings` writes that signature: one keyword
per settings field, None where the user said nothing.
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

from negmine.config.naming import flag
from negmine.config.settings import STAGES
from negmine.config.table import NONE, SettingsTable, fact, kinds_of
from negmine.stages.write.formats.registry import FORMATS

CHOICES = {"format": tuple(FORMATS)}  # settings whose values a layer above `config` knows

Work = typing.Annotated[
    Path, typer.Argument(metavar="WORK", help="The work directory.", show_default=False)
]
Config = typing.Annotated[
    Path | None, typer.Option("--config", help="A negmine.toml, one table per room.")
]
Json = typing.Annotated[bool, typer.Option("--json", help="Print one JSON envelope to stdout.")]
Force = typing.Annotated[
    bool, typer.Option("--force", help="Make it again, even if it is up to date.")
]


def with_settings(*rooms: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the flags of these rooms (all of them without names), collected in `flags`.

    The command must take a keyword `flags: dict[str, Any]`: field names to what the user said.
    """
    return _with_flags(
        {
            name: option(name, field, f"{room.capitalize()} settings")
            for room in rooms or STAGES
            for name, field in STAGES[room].model_fields.items()
        }
    )


def with_table(table: type[SettingsTable]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the flags of the settings table of an analysis, collected in `flags`."""
    fields = table.model_fields.items()
    return _with_flags({name: option(name, field, fact(field, "group")) for name, field in fields})


def _with_flags(
    fields: dict[str, inspect.Parameter],
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            given = {name: kwargs.pop(name) for name in fields}
            said = {name: value for name, value in given.items() if value not in (None, [])}
            return command(*args, flags=said, **kwargs)

        own = inspect.signature(command, eval_str=True)
        kept = [p for p in own.parameters.values() if p.name != "flags"]
        wrapped.__signature__ = own.replace(parameters=[*kept, *fields.values()])  # type: ignore[attr-defined]
        wrapped.__annotations__ = {p.name: p.annotation for p in [*kept, *fields.values()]}
        return wrapped

    return decorate


def option(name: str, field: FieldInfo, group: str) -> inspect.Parameter:
    """Return the keyword parameter that Typer turns into a flag."""
    kind = typing.Literal[CHOICES[name]] if name in CHOICES else _plain(field.annotation)
    kinds = kinds_of(field.annotation)
    declarations = [flag(name)]
    if kind is bool and not name.startswith("no_"):
        declarations = [f"{flag(name)}/{flag('no_' + name)}"]
    if typing.get_origin(kind) is typing.Literal and type(None) in kinds:
        kind = typing.Literal[(*typing.get_args(kind), NONE)]
    metavar = next((shown for plain, shown in _SHOWN.items() if plain in kinds), None)
    info = typer.Option(
        *declarations,
        help=field.description,
        metavar=None if typing.get_origin(kind) is typing.Literal else metavar,
        parser=_number(kinds) if kinds & {int, float} else None,
        show_default=default_text(field.default) or False,
        rich_help_panel=group,
    )
    annotation = typing.Annotated[kind | None, info]  # type: ignore[valid-type]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


_SHOWN = {float: "NUMBER", int: "COUNT", Path: "PATH", str: "TEXT"}


def _number(kinds: set[Any]) -> Callable[[str], Any]:
    """Return the reader of a number; words that the setting knows stay words, `none` where it may be."""
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


def default_text(default: Any) -> str:
    """Return a default as the help shows it."""
    if default is None or default is False:
        return ""
    if default is True:
        return "on"
    if isinstance(default, tuple):
        return ", ".join(map(str, default))
    return repr(default) if isinstance(default, str) and not default.strip() else str(default)


def _plain(annotation: Any) -> Any:
    """Return the type without `| None`; a tuple of values becomes a repeatable list."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        members = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
        annotation = members[0] if len(members) == 1 else str  # number or word: settings tell
    if typing.get_origin(annotation) is tuple:
        return list[typing.get_args(annotation)[0]]  # type: ignore[misc]
    return annotation
