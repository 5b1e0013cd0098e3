"""`negmine mine`: all stages in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from negmine.cli.commands.stages import run_stages
from negmine.cli.options import Config, Force, Json, Work, with_settings
from negmine.config.settings import STAGES


@with_settings()
def mine(
    work: Work,
    flags: dict[str, Any],
    config: Config = None,
    since: Annotated[
        Path | None,
        typer.Option(metavar="WORK", help="Start a new work directory from this one."),
    ] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Run all stages: index, retrieve, rerank (with --rerank-model), filter, write.

    Settings that you do not give are the defaults; without any setting, those that WORK remembers.

    Example: negmine mine work --data my-beir-folder --num-negatives 7
    """
    run_stages("mine", list(STAGES), work, flags, config, force, json, since)
