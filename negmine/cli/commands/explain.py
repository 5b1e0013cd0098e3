"""`negmine explain`: one query with all its candidates."""

from __future__ import annotations

from typing import Annotated

import typer

from negmine.cli.console import answering
from negmine.cli.options import Json, Work
from negmine.cli.progress import TerminalProgress


def explain(
    work: Work,
    query: Annotated[
        str,
        typer.Argument(
            metavar="QUERY", help="A query_id, or words of the query.", show_default=False
        ),
    ],
    limit: Annotated[int, typer.Option(help="Rows to show; 0 shows all.", min=0)] = 20,
    json: Json = False,
) -> None:
    """Show one query: its positives, and its candidates with ranks, scores, and kept or the reason why not.

    Example: negmine explain work 42 --limit 50

    Example: negmine explain work "blood pressure"
    """
    with answering("explain", json, TerminalProgress(quiet=True)) as answer:
        from negmine import api
        from negmine.cli.render import explain as views

        answer.data = explained = api.explain(work, query)
        answer.show = lambda console: console.print(
            views.explanation(explained, limit, console.width)
        )
