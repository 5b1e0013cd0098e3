"""The command line: every command, under which heading the help lists it, and how errors end it.

Heavy modules are imported inside the commands, so that `--help` is quick.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from negmine.cli.commands.batch import batch
from negmine.cli.commands.decontaminate import decontaminate
from negmine.cli.commands.diff import diff
from negmine.cli.commands.explain import explain
from negmine.cli.commands.filter import filter_
from negmine.cli.commands.generate import generate
from negmine.cli.commands.generate_queries import generate_queries
from negmine.cli.commands.init import init
from negmine.cli.commands.judge_check import judge_check
from negmine.cli.commands.label import label
from negmine.cli.commands.leak import leak
from negmine.cli.commands.lint import lint
from negmine.cli.commands.mine import mine
from negmine.cli.commands.prove import prove
from negmine.cli.commands.push import push
from negmine.cli.commands.report import report
from negmine.cli.commands.settings import settings
from negmine.cli.commands.show import show
from negmine.cli.commands.stages import stage_command
from negmine.cli.commands.status import status
from negmine.cli.commands.sweep import sweep
from negmine.cli.commands.trust import trust
from negmine.cli.console import usage_error
from negmine.cli.help import WIDEST, Command, Group, with_full_help
from negmine.cli.start import INTERRUPTED, USAGE
from negmine.engine import allocators

COMMANDS: dict[str, dict[str, Callable[..., Any]]] = {
    "Mine": {"init": init, "mine": mine},
    "Stage by stage": {
        "index": stage_command("index"),
        "retrieve": stage_command("retrieve"),
        "generate": generate,
        "rerank": stage_command("rerank"),
        "filter": filter_,
        "write": stage_command("write"),
    },
    "After the stages": {
        "batch": batch,
        "label": label,
        "generate-queries": generate_queries,
        "push": push,
    },
    "Look at a run": {
        "status": status,
        "show": show,
        "explain": explain,
        "report": report,
        "diff": diff,
    },
    "Measure": {
        "leak": leak,
        "sweep": sweep,
        "prove": prove,
        "judge-check": judge_check,
        "decontaminate": decontaminate,
    },
    "Other": {"lint": lint, "settings": settings, "trust": trust},
}

FLAGS_ARE_WORDS = ("settings",)  # a flag that the command does not take is searched for

app = typer.Typer(
    name="negmine",
    cls=Group,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich's tables cut the names of flags in a narrow terminal
    context_settings={"max_content_width": WIDEST},
    help="Mine hard negatives that are hard and really negative.",
    epilog="Example: negmine mine work --data my-beir-folder",
)
for heading, commands in COMMANDS.items():
    for name, command in commands.items():
        app.command(
            name=name,
            cls=Command,
            rich_help_panel=heading,
            context_settings={"ignore_unknown_options": name in FLAGS_ARE_WORDS},
        )(with_full_help(command))


def main() -> None:
    """Run the command line. A usage error is printed on stderr, and with --json on stdout, too.

    Without any word, print the help; the exit code is that of a usage error.
    """
    from typer.exceptions import TyperException

    allocators.settle()
    try:
        words = sys.argv[1:]
        code = app(words or ["--help"], prog_name="negmine", standalone_mode=False)
        code = code if words else USAGE
    except TyperException as error:
        code = usage_error(error, "--json" in sys.argv)
    except typer.Abort:
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"negmine {version('negmine')}")
        raise typer.Exit


@app.callback()
def _app(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass
