"""`negmine generate-queries`: a language model writes queries for documents that have none."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from negmine.analysis.queries.settings import QuerySettings
from negmine.cli.commands.cost import Prices
from negmine.cli.console import answering
from negmine.cli.options import Json, Work, with_table
from negmine.cli.progress import TerminalProgress

Out = Annotated[
    Path, typer.Option("--out", metavar="FOLDER", help="Folder for queries.jsonl and qrels.tsv.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Estimate what it would cost; ask no model.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Ask again for answers that could not be read.")
]


@with_table(QuerySettings)
def generate_queries(
    work: Work,
    flags: dict[str, Any],
    out: Out = Path("generated-queries"),
    dry_run: DryRun = False,
    prices: Prices = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Write queries for documents that have none, and keep those that find their document.

    A language model writes; WORK's retrievers check. New queries go to files of their own; WORK stays as it is.

    Example: negmine generate-queries work --documents 500 --generate-local FOLDER
    """
    progress = TerminalProgress(quiet=json)
    with answering("generate-queries", json, progress) as answer:
        from negmine import api
        from negmine.cli.render import judge as numbers
        from negmine.cli.render import queries as views
        from negmine.errors import SettingsError
        from negmine.stages.opening import open_existing

        dollars = numbers.read_prices(prices)
        if prices is not None and not dry_run:
            raise SettingsError("--prices is for an estimate. Add --dry-run.")
        if dry_run:
            cost = api.estimate_queries(open_existing(work, {}, None, progress), flags)
            answer.data = cost | numbers.money(cost, dollars)
            answer.show = lambda console: console.print(numbers.numbers(answer.data))
        else:
            made = api.generate_queries(work, out, force=force, progress=progress, **flags)
            answer.data = made
            answer.show = lambda console: console.print(
                views.queries(made), markup=False, soft_wrap=True
            )
