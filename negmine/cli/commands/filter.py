"""`negmine filter`: decide for every candidate; with --dry-run, estimate the judge's cost."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from negmine.cli.commands.cost import Prices, estimate_cost
from negmine.cli.commands.stages import run_stages
from negmine.cli.options import Config, Force, Json, Work, with_settings


@with_settings("filter")
def filter_(
    work: Work,
    flags: dict[str, Any],
    config: Config = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate what the judge would cost; ask it nothing.")
    ] = False,
    prices: Prices = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Stage 4, filter: decide for every candidate whether it is kept, and give the reason if not.

    Settings that you do not give are those that WORK remembers. The command also takes the settings of the
    write stage that the judge, --max-leak and --min-yield depend on.

    Example: negmine filter work --relative-margin 0.1
    """
    if dry_run or prices is not None:
        estimate_cost("filter", work, flags, config, dry_run, prices, json)
    else:
        run_stages("filter", ["filter"], work, flags, config, force, json)
