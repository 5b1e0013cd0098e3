"""How a command ends: its result, its errors, its exit code, the JSON envelope.

stdout is data: a summary, a table, or with `--json` one envelope. Progress, notes and errors go to stderr.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console as RichConsole

from negmine.cli.progress import TerminalProgress
from negmine.cli.refusals import refusal
from negmine.cli.render.text import printable
from negmine.cli.safe import SafeConsole
from negmine.cli.start import INTERRUPTED
from negmine.config.secrets import redacted
from negmine.config.wanted import in_words
from negmine.data.steering import bounded, in_json
from negmine.errors import NegmineError
from negmine.storage.contents import forget_sizes

ENVELOPE = 1
_PIPE_WIDTH = 160


@dataclass
class Answer:
    """What a command returns: `data` for the JSON envelope, `show` to print it for people."""

    data: Any = field(default_factory=dict)
    show: Callable[[RichConsole], None] | None = None


@contextmanager
def answering(command: str, as_json: bool, progress: TerminalProgress) -> Iterator[Answer]:
    """Run a command's block; then print its answer and errors, and leave with the right exit code.

    The block fills in the answer. It is printed after the progress bar is gone, and also where a gate failed
    after it was there. Only a NegmineError, and what the operating system refuses, is printed bare; anything
    else is a bug and keeps its traceback.
    """
    answer = Answer()
    status, code, errors = "done", 0, []
    forget_sizes()
    try:
        with progress.live():
            yield answer
    except NegmineError as error:
        status, code = "failed", error.exit_code
        errors = [{"kind": type(error).__name__, "message": str(error)}]
    except KeyboardInterrupt:
        status, code = "interrupted", INTERRUPTED
        again = shlex.join(["negmine", *sys.argv[1:]])
        message = f"Interrupted. Finished parts are kept; to go on, run again: {again}"
        errors = [{"kind": "Interrupted", "message": message}]
    except (BrokenPipeError, GeneratorExit):
        raise
    except BaseException as error:  # also a panic of Polars, which is no Exception
        refused = refusal(error)
        if refused is None:
            raise
        status, code, errors = "failed", 1, [refused]
    if as_json:
        _envelope(command, status, code, answer.data, progress.notes, errors)
    elif answer.show is not None:
        _show(answer.show, out())
    for one in errors:
        prefix = "" if status == "interrupted" else "error: "
        sys.stderr.write(f"{prefix}{printable(bounded(one['message']))}\n")
    if code:
        sys.exit(code)


def _show(show: Callable[[RichConsole], None], console: RichConsole) -> None:
    """Print for people; in a pipe without the blanks that fill up tables and lines."""
    if console.is_terminal:
        show(console)
        return
    with console.capture() as captured:
        show(console)
    text = "\n".join(line.rstrip() for line in captured.get().split("\n"))
    sys.stdout.write(redacted(text))


def _envelope(
    command: str, status: str, code: int, data: Any, notes: list[str], errors: list[dict[str, str]]
) -> None:
    envelope = {
        "envelope": ENVELOPE,
        "command": command,
        "status": status,
        "exit_code": code,
        "data": data,
        "notes": [bounded(note) for note in notes],
        "errors": [one | {"message": bounded(one["message"])} for one in errors],
    }
    text = json.dumps(envelope, default=plain, ensure_ascii=False, indent=2)
    sys.stdout.write(in_json(redacted(text)) + "\n")


def usage_error(error: Any, as_json: bool) -> int:
    """Print what is wrong with a command line, on stderr and with `as_json` on stdout; return the exit code."""
    error.message = printable(bounded(_plain_message(error)))
    context = getattr(error, "ctx", None)
    if as_json:
        command = context.info_name if context is not None else ""
        errors = [{"kind": "SettingsError", "message": error.format_message()}]
        _envelope(command, "failed", error.exit_code, {}, [], errors)
    error.show()
    return int(error.exit_code)


def _plain_message(error: Any) -> str:
    """Return the message of a usage error; of a value that pydantic refused, in plain words."""
    cause, param = error.__cause__, getattr(error, "param", None)
    if not isinstance(cause, ValidationError) or param is None:
        return str(error.message)
    limits = {"ge": getattr(param, "min", None), "le": getattr(param, "max", None)}
    bounds = {name: limit for name, limit in limits.items() if limit is not None}
    is_whole = not isinstance(param.default, float)
    return f"{in_words(cause.errors()[0], bounds, is_whole)}."


def plain(value: Any) -> Any:
    """Turn paths and dataclasses into what JSON knows."""
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def out() -> RichConsole:
    """Return the console for results: as wide as the terminal or COLUMNS say; 160 columns in a pipe."""
    has_width = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()  # rich reads both
    return SafeConsole(highlight=False, width=None if has_width else _PIPE_WIDTH)
