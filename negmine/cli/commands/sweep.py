"""`negmine sweep`: leak, yield and hardness over a grid of thresholds."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from negmine.cli.commands.leak import Hide, HideSeed
from negmine.cli.console import answering
from negmine.cli.options import Config, Json, Work, with_settings
from negmine.cli.progress import TerminalProgress


@with_settings("filter", "write")
def sweep(
    work: Work,
    flags: dict[str, Any],
    grid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUES",
            help="Values of a threshold: FROM:TO:STEP, or VALUE,VALUE with none for a rule that is off. "
            "Repeatable.",
        ),
    ] = None,
    hide: Hide = "0.5",
    hide_seed: HideSeed = 13,
    every: Annotated[
        bool, typer.Option("--all", help="Show every cell, not only those that no other beats.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Measure leak, yield and hardness of every cell of a grid of thresholds. Changes nothing.

    Example: negmine sweep work --grid relative_margin=none,0.05 --grid max_risk=0.01,0.05,0.1
    """
    progress = TerminalProgress(quiet=json)
    with answering("sweep", json, progress) as answer:
        from negmine import api
        from negmine.analysis.sweep.recommend import reason
        from negmine.cli.render import sweep as views
        from negmine.stages.filter.leak.grid import first_numbers, read_grid
        from negmine.stages.filter.risk.hiding import read_hide
        from negmine.stages.opening import open_existing

        wanted = read_grid(grid or [])
        context = open_existing(work, flags | first_numbers(wanted), config, progress)
        cells = api.measure_sweep(context, wanted, hide, hide_seed)
        answer.data = {"grid": wanted, "hide": read_hide(hide), "cells": cells.to_dicts()}
        answer.data["recommendation"] = why = reason(cells, list(wanted))
        answer.show = lambda console: console.print(
            views.sweep(cells, list(wanted), every, console.width, why)
        )
