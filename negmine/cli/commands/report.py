"""`negmine report`: a page to look at, and its numbers for programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from negmine.cli.console import answering
from negmine.cli.options import Work
from negmine.cli.progress import TerminalProgress
from negmine.config.naming import counted

if TYPE_CHECKING:
    from negmine.analysis.report.schema import Report

STDOUT = "-"


def report(
    work: Work,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The page. Default: WORK-report.html beside WORK."),
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Its numbers as JSON; no FILE, or -: one envelope on stdout.",
        ),
    ] = None,
    sample: Annotated[int, typer.Option(help="Random queries to show.", min=0, max=60)] = 40,
    sample_seed: Annotated[int, typer.Option(help="Seed of sample and leak.", min=0)] = 13,
    recall_floor: Annotated[
        float, typer.Option(help="Warn where a retriever's recall is below this.", min=0, max=1)
    ] = 0.5,
    no_leak: Annotated[
        bool, typer.Option("--no-leak", help="Do not measure the leak, which takes longest.")
    ] = False,
) -> None:
    """Make one HTML page that shows a finished run: what ran, funnel, scores, leak, examples to disagree with.

    With --json and without --html: no page. Example: negmine report work --html work.html --json work.json
    """
    progress = TerminalProgress(quiet=(as_json := json == STDOUT))
    with answering("report", as_json, progress) as answer:
        from negmine import api
        from negmine.analysis.report import files
        from negmine.stages.opening import open_existing

        context = open_existing(work, {}, None, progress)
        folder = context.work.root
        page = files.default_page(context.work.place) if html is None and json is None else html
        numbers = None if json is None or as_json else Path(json)
        files.check(folder, page, numbers)
        made = api.make_report(context, sample, sample_seed, recall_floor, leak=not no_leak)
        files.write(made, page, numbers)
        lines = _lines(made, [path for path in (page, numbers) if path is not None])
        progress.notes.extend(lines if as_json else [])
        answer.data = made.model_dump(mode="json")
        answer.show = lambda console: console.print("\n".join(lines), markup=False, soft_wrap=True)


report.alone = {"--json": STDOUT}  # type: ignore[attr-defined]


def _lines(report: Report, written: list[Path]) -> list[str]:
    """Return what to look at, and which files were written."""
    total = report.totals
    return [
        *(f"warning: {warning.kind}: {warning.text}" for warning in report.warnings),
        f"{counted(total.queries, 'queries')}, {counted(total.candidates, 'candidates')}, {total.kept:,} kept, "
        f"{counted(total.negatives, 'negatives')} written",
        *(f"{path}  ({path.stat().st_size / 1e6:.1f} MB)" for path in written),
    ]
