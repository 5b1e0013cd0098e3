"""Help that fits a screen, and flags that are not known: how commands look before they run.

`--help` shows a command's own flags and the essential settings, under headings; `--help-all` shows every
flag. A flag of another stage is refused with the command that it belongs to.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, takewhile
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from negmine.config.catalogue import ENTRIES, Entry
from negmine.config.gone import why_gone
from negmine.config.naming import flag, key

ARGUMENTS, OWN = "Arguments", "This command"  # headings of what is no setting
MACHINE = "Memory and devices"
WIDEST, FLAG_COLUMN = 120, 26  # columns of a help page, and of the names in it at most
_ALWAYS = ("One of:", "Repeatable", "Default:")  # how sentences begin that the short help keeps
_ALL = "negmine.help-all"  # key in a context: show every flag


class Command(TyperCommand):
    """A command with a short help, a full one, and advice about flags that it does not know."""

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
        """Read the command line. Raises a usage error with advice for flags that are not known."""
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except TyperException as error:
            gone = why_gone(getattr(error, "option_name", None) or "")
            advice = gone or (_advice(self, ctx, given) if hasattr(error, "possibilities") else "")
            if advice:
                ctx.fail(advice)
            raise

    @property
    def _hidden(self) -> set[str]:
        return getattr(self.callback, "minor_settings", set())


class Group(TyperGroup):
    """The command line as a whole, with its commands under headings."""

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


def _advice(command: Command, ctx: Any, args: list[str]) -> str:
    """Return what to do about the flags of a command line that the command does not know."""
    params = command.get_params(ctx)
    own = {opt: param for param in params for opt in param.opts + param.secondary_opts}
    unknown, strange, rest = None, dict[str, list[str]](), list[str]()
    words = iter(list(takewhile(lambda word: word != "--", args)))
    for word in words:
        name = word.partition("=")[0]
        entry = _entry(name)
        if name in own:
            takes_value = not getattr(own[name], "is_flag", True) and "=" not in word
            rest += [word, *islice(words, int(takes_value))]
        elif not name.startswith("--"):
            rest.append(word)
        elif entry is None:
            unknown = unknown or name
        else:
            strange.setdefault(entry.stage, []).append(_with_value(word, entry, words))
    if unknown is not None:
        return _unknown(unknown, list(own))
    work = _first_argument(command, ctx, rest)
    return "\n".join(_belongs(stage, flags, work) for stage, flags in strange.items())


def _entry(name: str) -> Entry | None:
    """Return the setting that a flag gives, if it is the flag of one."""
    field = name.removeprefix("--").replace("-", "_")
    entry = ENTRIES.get(field) or ENTRIES.get(field.removeprefix("no_"))
    return entry if entry is not None and name in _spellings(entry) else None


def _spellings(entry: Entry) -> list[str]:
    negated = entry.field.annotation is bool and not entry.name.startswith("no_")
    return [flag(entry.name)] + ([flag(f"no_{entry.name}")] if negated else [])


def _with_value(word: str, entry: Entry, words: Iterator[str]) -> str:
    if "=" in word or entry.field.annotation is bool:
        return word
    value = next(words, key(entry.name).upper())
    return f"{word} {shlex.quote(value)}"


def _belongs(stage: str, flags: Sequence[str], work: str) -> str:
    names = [given.split("=")[0].split()[0] for given in flags]
    verb = "belongs" if len(names) == 1 else "belong"
    return (
        f"{' and '.join(names)} {verb} to the {stage} stage. "
        f"Run: negmine {stage} {work} {' '.join(flags)}"
    )


def _unknown(name: str, own: Sequence[str]) -> str:
    known = {spelling: entry for entry in ENTRIES.values() for spelling in _spellings(entry)}
    close = difflib.get_close_matches(name, [*own, *known], n=1, cutoff=0.7)
    if not close:
        return f"There is no flag {name}. negmine settings WORD searches the settings."
    owner = "" if close[0] in own else f" It belongs to the {known[close[0]].stage} stage."
    return f"There is no flag {name}. Did you mean {close[0]}?{owner}"


def _first_argument(command: Command, ctx: Any, args: list[str]) -> str:
    """Return the work directory that a command line names, or WORK."""
    try:
        values, _, _ = command.make_parser(ctx).parse_args(args=list(args))
    except TyperException:
        values = {}
    work = values.get("work")
    return shlex.quote(work) if isinstance(work, str) else "WORK"
