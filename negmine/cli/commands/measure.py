"""The windows that measure: `negmine leak`, `sweep` and `diff`. They look in and change nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from negmine.cli.console import Talk, out, telling
from negmine.cli.options import Config, Json, Work, with_settings

LEAST_WIDTH = 100  # what the tables need
Hide = Annotated[
    str,
    typer.Option(
        "--hide", metavar="SHARE", help="Share of a query's positives to hide, or all-but-one."
    ),
]
HideSeed = Annotated[int, typer.Option("--hide-seed", help="Seed of what is hidden.", min=0)]


@with_settings("filter", "write")
def leak(
    work: Work,
    flags: dict[str, Any],
    hide: Hide = "0.5",
    hide_seed: HideSeed = 13,
    config: Config = None,
    json: Json = False,
) -> None:
    """Measure how many "negatives" are really positives: hide some, decide, count. Changes nothing.

    Needs queries with two or more positives. Example: negmine leak work --relative-margin 0.1
    """
    talk = Talk(quiet=json)
    with telling("leak", json, talk) as answer:
        from negmine import api
        from negmine.cli.render import leak as leak_views
        from negmine.stages import opening

        house = opening.open_existing(work, flags, config, talk)
        answer["data"] = found = api.measure_leak(house, hide, hide_seed)
        if not json:
            show(leak_views.leak(found))


@with_settings("filter", "write")
def sweep(
    work: Work,
    flags: dict[str, Any],
    grid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUES", help="FROM:TO:STEP or VALUE,VALUE of a threshold. Repeatable."
        ),
    ] = None,
    hide: Hide = "0.5",
    hide_seed: HideSeed = 13,
    every: Annotated[
        bool, typer.Option("--all", help="Show every cell, not only those no other beats.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Measure leak, yield and hardness of every cell of a grid of thresholds. Changes nothing.

    Example: negmine sweep work --grid relative_margin=0:0.3:0.05 --grid max_risk=0.01,0.05,0.1
    """
    talk = Talk(quiet=json)
    with telling("sweep", json, talk) as answer:
        from negmine import api
        from negmine.cli.render import leak as leak_views
        from negmine.stages import opening
        from negmine.stages.filter.leak.grid import read_grid

        asked = read_grid(grid or [])
        first = {name: values[0] for name, values in asked.items()}
        house = opening.open_existing(work, flags | first, config, talk)
        cells = api.measure_sweep(house, asked, hide, hide_seed)
        answer["data"] = {"grid": asked, "hide": hide, "cells": cells.to_dicts()}
        if not json:
            show(leak_views.sweep(cells, list(asked), every))


def diff(
    work_a: Annotated[
        Path, typer.Argument(metavar="WORK_A", help="The one run.", show_default=False)
    ],
    work_b: Annotated[
        Path, typer.Argument(metavar="WORK_B", help="The other run.", show_default=False)
    ],
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=LIMIT", help="Exit code 3 if a total is past a limit. Repeatable."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(help="Queries that changed most to show.", min=0)] = 10,
    json: Json = False,
) -> None:
    """Compare two runs: settings, negatives, ranks, verdicts, scores. Changes nothing.

    Example: negmine diff work-old work-new --fail-on nfr=0.02 --fail-on jaccard=0.8
    """
    talk = Talk(quiet=json)
    with telling("diff", json, talk) as answer:
        from negmine import api
        from negmine.analysis.diff.gates import check_gates, read_gates
        from negmine.cli.render import diff as diff_views

        gates = read_gates(fail_on or [])
        answer["data"] = found = api.measure_diff(work_a, work_b, limit, talk)
        if not json:
            console = out()
            console.print(diff_views.diff(found, console.width))
        check_gates(gates, found["totals"])


def show(view: Any) -> None:
    """Print a table of numbers in its full width: a narrow terminal wraps lines, never numbers."""
    console = out()
    console.width = max(console.width, LEAST_WIDTH)
    console.print(view)
