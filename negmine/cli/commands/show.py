"""`negmine show`: a few finished examples."""

from __future__ import annotations

from typing import Annotated

import typer

from negmine.cli.console import answering
from negmine.cli.options import Json, Work
from negmine.cli.progress import TerminalProgress


def show(
    work: Work,
    query: Annotated[
        str | None,
        typer.Argument(
            metavar="QUERY",
            help="Show this query: a query_id, or words of the query.",
            show_default=False,
        ),
    ] = None,
    queries: Annotated[
        int, typer.Option(metavar="COUNT", help="Queries to show, drawn at random.", min=1)
    ] = 3,
    seed: Annotated[int, typer.Option(metavar="COUNT", help="Seed of the draw.", min=0)] = 13,
    json: Json = False,
) -> None:
    """Show a few finished examples: query, positives, negatives with their scores. Changes nothing.

    The texts are cut; --json has them whole.

    Example: negmine show work --queries 5

    Example: negmine show work "blood pressure"
    """
    with answering("show", json, TerminalProgress(quiet=True)) as answer:
        from negmine import api
        from negmine.cli.render import show as views

        answer.data = shown = api.show(work, query, queries=queries, seed=seed)
        answer.show = lambda console: console.print(views.show(shown, console))
