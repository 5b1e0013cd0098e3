"""`negmine init`: a negmine.toml to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from negmine.cli.console import answering
from negmine.cli.options import Json, with_settings
from negmine.cli.progress import TerminalProgress
from negmine.config.catalogue import Entry


def _is_data(entry: Entry) -> bool:
    return entry.group == "Data"


@with_settings("index", only=_is_data)
def init(
    flags: dict[str, Any],
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH",
            help="A BEIR folder, one file of pairs, or corpus, queries and qrels.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")] = Path(
        "negmine.toml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    json: Json = False,
) -> None:
    """Look at your data, say what it is, and write a commented negmine.toml for it.

    Then run: negmine mine WORK --config negmine.toml

    Example: negmine init my-beir-folder
    """
    with answering("init", json, TerminalProgress(quiet=True)) as answer:
        from negmine.analysis.init.init import init as write_starter
        from negmine.cli.render import init as views

        answer.data = written = write_starter(paths or [], flags, out, force)
        answer.show = lambda console: console.print(views.init(written, console.width), crop=False)
