"""`negmine generate`: a language model writes documents as candidates; with --dry-run, estimate its cost."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from negmine.cli.commands.cost import Prices, estimate_cost
from negmine.cli.commands.stages import run_stages
from negmine.cli.options import Config, Force, Json, Work, with_settings


@with_settings("generate")
def generate(
    work: Work,
    flags: dict[str, Any],
    config: Config = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate what it would cost; ask no model.")
    ] = False,
    prices: Prices = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Between retrieve and rerank: a language model writes documents as further candidates (optional).

    They are scored and pass every rule as retrieved ones do, and are written as negatives only with negmine
    write --include generated. Settings that you do not give are those that WORK remembers.

    Example: negmine generate work --generate-kind contrast --generate-local FOLDER
    """
    if dry_run or prices is not None:
        estimate_cost("generate", work, flags, config, dry_run, prices, json)
    else:
        run_stages("generate", ["generate"], work, flags, config, force, json)
