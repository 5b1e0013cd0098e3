"""`negmine filter`: decide for every candidate; with --dry-run, estimate the judge's cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from negmine.cli.commands.stages import run_stages
from negmine.cli.console import answering
from negmine.cli.options import Config, Force, Json, Work, with_settings
from negmine.cli.progress import TerminalProgress


@with_settings("filter")
def filter_(
    work: Work,
    flags: dict[str, Any],
    config: Config = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate what the judge would cost; ask it nothing.")
    ] = False,
    prices: Annotated[
        str | None,
        typer.Option(
            metavar="PROMPT,ANSWER",
            help="For --dry-run: dollars per million tokens, such as 0.15,0.60.",
        ),
    ] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Stage 4, filter: decide for every candidate whether it is kept, and give the reason if not.

    Settings that you do not give are those that WORK remembers. The command also takes the settings of the
    write stage that the judge, --max-leak and --min-yield depend on.

    Example: negmine filter work --relative-margin 0.1
    """
    if dry_run or prices is not None:
        _estimate(work, flags, config, dry_run, prices, json)
    else:
        run_stages("filter", ["filter"], work, flags, config, force, json)


def _estimate(
    work: Path,
    flags: dict[str, Any],
    config: Path | None,
    dry_run: bool,
    prices: str | None,
    as_json: bool,
) -> None:
    progress = TerminalProgress(quiet=as_json)
    with answering("filter", as_json, progress) as answer:
        from negmine import api
        from negmine.cli.render import judge as views
        from negmine.errors import SettingsError
        from negmine.stages.opening import open_existing

        dollars = views.read_prices(prices)
        if not dry_run:
            raise SettingsError("--prices is for an estimate. Add --dry-run.")
        cost = api.estimate_judge(open_existing(work, flags, config, progress))
        answer.data = cost | views.money(cost, dollars)
        answer.show = lambda console: console.print(views.numbers(answer.data))
