"""`negmine settings`: search the settings of all stages."""

from __future__ import annotations

from typing import Annotated

import typer

from negmine.cli.console import answering
from negmine.cli.options import Json
from negmine.cli.progress import TerminalProgress
from negmine.config.catalogue import nearest_names, search
from negmine.config.naming import flag


def settings(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD",
            help="Words to search names and descriptions for.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List the settings of all stages, or those whose name or description has every WORD.

    Example: negmine settings margin
    """
    with answering("settings", json, TerminalProgress(quiet=True)) as answer:
        from negmine.cli.render import settings as views

        text = " ".join(words or [])
        entries = search(text)
        near = [] if entries else nearest_names(text)
        answer.data = {
            "words": text,
            "settings": [views.record(entry) for entry in entries],
            "nearest": [flag(name) for name in near],
        }
        answer.show = lambda console: console.print(
            views.settings(entries, console.width) if entries else views.nothing(text, near)
        )
