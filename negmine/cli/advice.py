"""Flags that a command does not take: which command they belong to, or which is spelled most like them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import Any

from typer.exceptions import TyperException

from negmine.config.catalogue import ENTRIES, Entry
from negmine.config.gone import why_gone
from negmine.config.naming import alike, either, flag, key


def advice(command: Any, ctx: Any, args: list[str], error: TyperException) -> str:
    """Return what to do about the flags of a command line that the command does not take.

    error: why it was refused; of any other kind, the advice is empty.
    """
    gone = why_gone(getattr(error, "option_name", None) or "")
    if gone is not None or not hasattr(error, "possibilities"):
        return gone or ""
    return _of_flags(command, ctx, args)


def _of_flags(command: Any, ctx: Any, args: list[str]) -> str:
    """Return what to do about the flags of a command line that the command does not know."""
    params = command.get_params(ctx)
    own = {opt: param for param in params for opt in param.opts + param.secondary_opts}
    unknown, others, rest = None, dict[str, list[str]](), list[str]()
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
            others.setdefault(entry.stage, []).append(_with_value(word, entry, words))
    if unknown is not None:
        return _unknown(unknown, list(own))
    work = _first_argument(command, ctx, rest)
    return "\n".join(_belongs(stage, flags, work) for stage, flags in others.items())


def _entry(name: str) -> Entry | None:
    """Return the setting that a flag gives, if it is the flag of one."""
    field = name.removeprefix("--").replace("-", "_")
    entry = ENTRIES.get(field) or ENTRIES.get(field.removeprefix("no_"))
    return entry if entry is not None and name in _spellings(entry) else None


def _spellings(entry: Entry) -> list[str]:
    negated = entry.field.annotation is bool and not entry.name.startswith("no_")
    return [flag(entry.name)] + ([flag(f"no_{entry.name}")] if negated else [])


def _with_value(word: str, entry: Entry, words: Iterator[str]) -> str:
    """Return a flag and its value, which may be the next word, as they are typed in a shell."""
    if "=" in word or entry.field.annotation is bool:
        return shlex.quote(word)
    value = next(words, key(entry.name).upper())
    return f"{word} {shlex.quote(value)}"


def _belongs(stage: str, flags: Sequence[str], work: str) -> str:
    names = [shlex.split(given)[0].split("=")[0] for given in flags]
    verb = "belongs" if len(names) == 1 else "belong"
    return (
        f"{' and '.join(names)} {verb} to the {stage} stage. "
        f"Run: negmine {stage} {work} {' '.join(flags)}"
    )


def _unknown(name: str, own: Sequence[str]) -> str:
    settings = {spelling: entry for entry in ENTRIES.values() for spelling in _spellings(entry)}
    close = alike(name, [*own, *settings], cutoff=0.7)
    if not close:
        return f"There is no flag {name}. negmine settings WORD searches the settings."
    owners = {"" if one in own else settings[one].stage for one in close}
    stage = owners.pop() if len(owners) == 1 else ""
    verb = "It belongs" if len(close) == 1 else "They belong"
    owner = f" {verb} to the {stage} stage." if stage else ""
    return f"There is no flag {name}. Did you mean {either(close)}?{owner}"


def _first_argument(command: Any, ctx: Any, args: list[str]) -> str:
    """Return the work directory that a command line names, or WORK."""
    try:
        values, _, _ = command.make_parser(ctx).parse_args(args=list(args))
    except TyperException:
        values = {}
    work = values.get("work")
    return shlex.quote(work) if isinstance(work, str) else "WORK"
