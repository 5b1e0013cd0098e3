"""`negmine diff`: what is different between two runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from negmine.cli.console import answering
from negmine.cli.options import Json, place
from negmine.cli.progress import TerminalProgress


def diff(
    work_a: Annotated[
        Path,
        typer.Argument(metavar="WORK_A", help="The one run.", show_default=False, callback=place),
    ],
    work_b: Annotated[
        Path,
        typer.Argument(metavar="WORK_B", help="The other run.", show_default=False, callback=place),
    ],
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=LIMIT", help="Exit with 3 if a total is beyond a limit. Repeatable."
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="COUNT", help="Most changed queries to show.", min=0)
    ] = 10,
    json: Json = False,
) -> None:
    """Compare two runs: settings, negatives, ranks, verdicts, scores. Changes nothing.

    Example: negmine diff work-old work-new --fail-on nfr=0.02 --fail-on jaccard=0.8
    """
    progress = TerminalProgress(quiet=json)
    with answering("diff", json, progress) as answer:
        from negmine import api
        from negmine.analysis.diff.gates import check_gates, read_gates
        from negmine.cli.render import diff as views

        gates = read_gates(fail_on or [])
        answer.data = compared = api.measure_diff(work_a, work_b, limit, progress)
        answer.show = lambda console: console.print(views.diff(compared, console.width))
        check_gates(gates, compared["totals"])
