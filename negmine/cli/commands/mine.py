"""`negmine mine`: all stages in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from negmine.cli.commands.stages import run_stages
from negmine.cli.console import answering
from negmine.cli.options import Config, Force, Json, Work, place, with_settings
from negmine.cli.progress import TerminalProgress
from negmine.config.settings import STAGES


@with_settings()
def mine(
    work: Work,
    flags: dict[str, Any],
    config: Config = None,
    since: Annotated[
        Path | None,
        typer.Option(
            metavar="WORK", help="Start a new work directory from this one.", callback=place
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate artifacts, time and space; make nothing.")
    ] = False,
    force: Force = False,
    json: Json = False,
) -> None:
    """Run all stages: index, retrieve, rerank (with --rerank-model), filter, write.

    With any setting or --config, what you do not give has its default. With none, WORK's settings are used.

    Example: negmine mine work --data my-beir-folder --num-negatives 7
    """
    if not dry_run:
        run_stages("mine", list(STAGES), work, flags, config, force, json, since)
        return
    progress = TerminalProgress(quiet=json)
    with answering("mine", json, progress) as answer:
        from negmine import api
        from negmine.cli.render import estimate as views
        from negmine.errors import SettingsError

        if since is not None:
            raise SettingsError("--dry-run estimates a run from its sources. Leave --since out.")
        answer.data = costs = api.estimate_mine(work, flags, config, progress)
        answer.show = lambda console: console.print(views.estimate(costs, console.width))
