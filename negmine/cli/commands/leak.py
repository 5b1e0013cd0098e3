"""`negmine leak`: how many negatives are really positives."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from negmine.cli.console import answering
from negmine.cli.options import Config, Json, Work, with_settings
from negmine.cli.progress import TerminalProgress

Hide = Annotated[
    str,
    typer.Option(
        "--hide", metavar="SHARE", help="Share of a query's positives to hide, or all-but-one."
    ),
]
HideSeed = Annotated[
    int, typer.Option("--hide-seed", metavar="COUNT", help="Seed of the hidden positives.", min=0)
]


@with_settings("filter", "write")
def leak(
    work: Work,
    flags: dict[str, Any],
    hide: Hide = "0.5",
    hide_seed: HideSeed = 13,
    config: Config = None,
    json: Json = False,
) -> None:
    """Measure how many "negatives" are really positives: hide some, apply the rules, count. Changes nothing.

    It needs queries with two or more positives.

    Example: negmine leak work --relative-margin 0.1
    """
    progress = TerminalProgress(quiet=json)
    with answering("leak", json, progress) as answer:
        from negmine import api
        from negmine.cli.render import leak as views
        from negmine.stages.opening import open_existing

        context = open_existing(work, flags, config, progress)
        answer.data = measured = api.measure_leak(context, hide, hide_seed)
        answer.show = lambda console: console.print(views.leak(measured, console.width))
