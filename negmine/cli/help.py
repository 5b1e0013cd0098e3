"""Help that fits a screen: `--help` shows a command's own flags and the essential settings, under headings.

`--help-all` shows every flag.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from negmine.cli.advice import advice
from negmine.errors import cut

ARGUMENTS, OWN = "Arguments", "This command"  # headings of what is no setting
HELP = "help"
MACHINE = "Memory and devices"
WIDEST, FLAG_COLUMN = 120, 26  # columns of a help page, and of the names in it at most
_ALWAYS = ("One of:", "Repeatable", "Default:")  # how sentences begin that the short help keeps
_SHOWN = 60  # characters of a wrong word in a message
_ALL = "negmine.help-all"  # key in a context: show every flag


class Command(TyperCommand):
    """A command with a short help, a full one, and advice about flags that it does not take."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the flags under their headings; the settings that are not essential only in the full help."""
        hidden = set() if ctx.meta.get(_ALL) else self._hidden
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and param.name not in hidden:
                is_argument = param.param_type_name == "argument"
                heading = (
                    ARGUMENTS if is_argument else getattr(param, "rich_help_panel", None) or OWN
                )
                name = record[0].split(" <")[0] if is_argument else record[0]
                text = record[1] if ctx.meta.get(_ALL) else _short(record[1])
                sections.setdefault(heading, []).append((name, text))
        for heading in sorted(sections, key=_place):
            _section(formatter, heading, sections[heading])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write where the flags are that the short help leaves out."""
        if self._hidden and not ctx.meta.get(_ALL):
            formatter.write_paragraph()
            formatter.write_text(
                f"{len(self._hidden)} more flags: {ctx.command_path} --help-all shows them, negmine settings "
                "WORD searches them."
            )

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line. Raises a usage error with advice for flags that it does not take."""
        given = list(args)
        _check_text(ctx, given)
        try:
            return super().parse_args(ctx, list(self._with_values(args)))
        except TyperException as error:
            text = advice(self, ctx, given, error)
            if text:
                ctx.fail(text)
            raise

    def _with_values(self, args: list[str]) -> Iterator[str]:
        """Yield the words, with a value behind a flag that may stand alone (the callback's `alone`).

        The callback's `words` are all values that such a flag has, where there are few: anything else behind it
        is no value.
        """
        alone: dict[str, str] = getattr(self.callback, "alone", {})
        words: dict[str, tuple[str, ...]] = getattr(self.callback, "words", {})
        for word, following in zip(args, [*args, "--"][1:], strict=True):
            yield word
            is_other = word in words and following not in words[word]
            if word in alone and (following.startswith("--") or is_other):
                yield alone[word]

    @property
    def _hidden(self) -> set[str]:
        return getattr(self.callback, "minor_settings", set())


def _check_text(ctx: Any, args: list[str]) -> None:
    """Refuse words that are no UTF-8: they could not be written into settings or messages."""
    for place, word in enumerate(args, start=1):
        try:
            word.encode()
        except UnicodeEncodeError:
            shown = cut(word.encode(errors="replace").decode(), _SHOWN)
            ctx.fail(
                f"word {place} of the command, {shown!r}, is not UTF-8. Rename the file, or retype it."
            )


class Group(TyperGroup):
    """The command line as a whole, with its commands under headings. `help NAME` is `NAME --help`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line."""
        _check_text(ctx, args)
        asks = args[:1] == [HELP]
        return super().parse_args(ctx, [*args[1:2], "--help"] if asks else args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands with the first sentence of each, under their headings."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.commands[name]
            if not command.hidden:
                heading = getattr(command, "rich_help_panel", None) or "Commands"
                summary = inspect.cleandoc(command.help or "").split("\n\n")[0]
                sections.setdefault(heading, []).append((name, " ".join(summary.split())))
        for heading, commands in sections.items():
            _section(formatter, heading, commands)


def with_full_help(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command that takes `--help-all`, too."""

    @functools.wraps(command)
    def wrapped(*args: Any, help_all: bool = False, **kwargs: Any) -> Any:
        return command(*args, **kwargs)

    own = inspect.signature(command, eval_str=True)
    extra = inspect.Parameter(
        "help_all", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_HelpAll
    )
    wrapped.__signature__ = own.replace(parameters=[*own.parameters.values(), extra])  # type: ignore[attr-defined]
    wrapped.__annotations__ = command.__annotations__ | {"help_all": _HelpAll}
    return wrapped


def _show_all(ctx: typer.Context, wanted: bool) -> None:
    if wanted:
        ctx.meta[_ALL] = True
        typer.echo(ctx.get_help())
        raise typer.Exit


_HelpAll = Annotated[
    bool, typer.Option("--help-all", callback=_show_all, is_eager=True, help="Show every flag.")
]


def _short(text: str) -> str:
    """Return the first sentence of a help text, and what it says of choices, repetition and the default."""
    text, default = re.fullmatch(r"(.*?)( +\[[^\]]*\])?", text, re.DOTALL).groups("")  # type: ignore[union-attr]
    first, *others = re.split(r"(?<=\.) +(?=[A-Z])", text)
    return " ".join([first, *(s for s in others if s.startswith(_ALWAYS))]) + default


def _place(heading: str) -> int:
    """Return where a heading stands: arguments first, the machine's and the command's own flags last."""
    return {ARGUMENTS: 0, MACHINE: 2, OWN: 3}.get(heading, 1)


def _section(formatter: Any, heading: str, rows: Sequence[tuple[str, str]]) -> None:
    with formatter.section(typer.style(heading, bold=True)):
        formatter.write_dl(rows, col_max=FLAG_COLUMN)
