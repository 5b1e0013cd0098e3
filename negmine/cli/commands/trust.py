"""`negmine trust`: allow what a work directory from somebody else names outside of itself."""

from __future__ import annotations

from typing import Annotated

import typer

from negmine.cli.console import answering
from negmine.cli.options import Json, Work
from negmine.cli.progress import TerminalProgress


def trust(
    work: Work,
    forget: Annotated[
        bool, typer.Option("--forget", help="Trust nothing of WORK any more.")
    ] = False,
    json: Json = False,
) -> None:
    """Trust the plug-ins, models, files and endpoints that WORK names, and show each of them.

    Needed once for a work directory from somebody else, or one that was moved. Look with: negmine status WORK

    Example: negmine trust work
    """
    with answering("trust", json, TerminalProgress(quiet=True)) as answer:
        from negmine import api
        from negmine.cli.render import trust as views

        answer.data = record = api.trust(work, forget=forget)
        answer.show = lambda console: console.print(
            views.trust(record, forget), markup=False, soft_wrap=True
        )
