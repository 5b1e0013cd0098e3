"""`negmine explain`: one query with all its candidates."""

from __future__ import annotations

from typing import Annotated

import typer

from negmine.cli.console import answering
from negmine.cli.options import Json, Work
from negmine.cli.progress import TerminalProgress

ROWS = 20  # rows that are shown


def explain(
    work: Work,
    query: Annotated[
        str,
        typer.Argument(
            metavar="QUERY", help="A query_id, or words of the query.", show_default=False
        ),
    ],
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="COUNT",
            help=f"Rows to show; 0 shows all. Default: {ROWS}, and all with --json.",
            min=0,
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show one query: its positives, and its candidates with ranks, scores, and kept or the reason why not.

    Example: negmine explain work 42 --limit 50

    Example: negmine explain work "blood pressure"
    """
    progress = TerminalProgress(quiet=json)
    with answering("explain", json, progress) as answer:
        from negmine import api
        from negmine.cli.render import explain as views

        explained = api.explain(work, query)
        if explained["found_by"] == "words" and len(query.split()) == 1:
            progress.note(f'no query has the id "{query}": this is the one whose text has it')
        answer.data = explained | {"rows": explained["rows"][: limit or None]}
        most = ROWS if limit is None else limit
        answer.show = lambda console: console.print(
            views.explanation(explained, most, console.width)
        )
