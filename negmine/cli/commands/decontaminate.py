"""`negmine decontaminate`: which training texts also stand in evaluation sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from negmine.cli.console import answering
from negmine.cli.options import Config, Json, Work, with_settings
from negmine.cli.progress import TerminalProgress

Against = Annotated[
    list[Path] | None,
    typer.Option(
        "--against",
        metavar="PATH",
        help="Evaluation set: a BEIR folder, a work directory, or a file of queries or documents. Repeatable.",
    ),
]
MaxContaminated = Annotated[
    str | None,
    typer.Option(
        "--max-contaminated",
        metavar="COUNT|SHARE",
        help="Exit with 3 if more queries are contaminated, themselves or by a positive (with "
        "--drop-contaminated rows: more rows). 3 is a count; 0.01 and 1% are shares.",
    ),
]
Limit = Annotated[
    int, typer.Option("--limit", metavar="COUNT", help="Examples of each set to show.", min=0)
]


@with_settings(
    "filter", only=lambda entry: entry.group == "Decontamination" and entry.name != "decontaminate"
)
def decontaminate(
    work: Work,
    flags: dict[str, Any],
    against: Against = None,
    max_contaminated: MaxContaminated = None,
    limit: Limit = 5,
    config: Config = None,
    json: Json = False,
) -> None:
    """Find training queries, positives and negatives that also stand in evaluation sets. Changes nothing.

    To drop them: negmine filter work --decontaminate PATH, then negmine write work.

    Example: negmine decontaminate work --against beir/scifact --against beir/nfcorpus --max-contaminated 0
    """
    progress = TerminalProgress(quiet=json)
    with answering("decontaminate", json, progress) as answer:
        from negmine import api
        from negmine.analysis.decontaminate.gate import check_gate, read_gate
        from negmine.cli.render import decontaminate as views
        from negmine.stages.opening import open_existing

        gate = read_gate(max_contaminated)
        context = open_existing(work, flags, config, progress)
        answer.data = measured = api.measure_contamination(context, against or [], limit)
        answer.show = lambda console: console.print(views.decontaminate(measured, console.width))
        check_gate(gate, measured)
