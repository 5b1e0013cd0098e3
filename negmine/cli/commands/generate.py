"""`negmine generate`: a language model writes documents as candidates; with --dry-run, estimate its cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from negmine.cli.commands.stages import run_stages
from negmine.cli.console import answering
from negmine.cli.options import Config, Force, Json, Work, with_settings
from negmine.cli.progress import TerminalProgress


@with_settings("generate")
def generate(
    work: Work,
    flags: dict[str, Any],
    config: Config = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate what it would cost; ask no model.")
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
    """Between retrieve and rerank: a language model writes documents as further candidates (optional).

    They are scored and pass every rule as retrieved ones do, and are written as negatives only with negmine
    write --include generated. Settings that you do not give are those that WORK remembers.

    Example: negmine generate work --generate-kind contrast --generate-local FOLDER
    """
    if dry_run or prices is not None:
        _estimate(work, flags, config, dry_run, prices, json)
    else:
        run_stages("generate", ["generate"], work, flags, config, force, json)


def _estimate(
    work: Path,
    flags: dict[str, Any],
    config: Path | None,
    dry_run: bool,
    prices: str | None,
    as_json: bool,
) -> None:
    progress = TerminalProgress(quiet=as_json)
    with answering("generate", as_json, progress) as answer:
        from negmine import api
        from negmine.cli.render import judge as views
        from negmine.errors import SettingsError
        from negmine.stages.opening import open_existing

        dollars = views.read_prices(prices)
        if not dry_run:
            raise SettingsError("--prices is for an estimate. Add --dry-run.")
        cost = api.estimate_generate(open_existing(work, flags, config, progress))
        answer.data = cost | views.money(cost, dollars)
        answer.show = lambda console: console.print(views.numbers(answer.data))
