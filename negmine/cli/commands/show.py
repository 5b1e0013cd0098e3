"""`negmine show`: a few finished examples."""

from __future__ import annotations

from typing import Annotated

import typer

from negmine.cli.console import answering
from negmine.cli.options import Json, Work
from negmine.cli.progress import TerminalProgress


def show(
    work: Work,
    queries: Annotated[
        int, typer.Option(metavar="COUNT", help="Queries to show, drawn at random.", min=1)
    ] = 3,
    query_id: Annotated[
        str | None, typer.Option(metavar="ID", help="Show this query instead.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(metavar="COUNT", help="Seed of the draw.", min=0)] = 13,
    json: Json = False,
) -> None:
    """Show a few finished examples: query, positives, negatives with their scores. Changes nothing.

    The texts are cut; --json has them whole.

    Example: negmine show work --queries 5
    """
    with answering("show", json, TerminalProgress(quiet=True)) as answer:
        from negmine import api
        from negmine.cli.render import show as views

        answer.data = shown = api.show(work, queries=queries, query_id=query_id, seed=seed)
        answer.show = lambda console: console.print(views.show(shown, console))
