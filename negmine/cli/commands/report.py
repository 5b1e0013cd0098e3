"""The window `negmine report`: a page to look at, and its numbers for machines. It changes nothing in WORK."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from negmine.cli.console import Talk, out, telling
from negmine.cli.options import Work

STDOUT = "-"


def report(
    work: Work,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The page. Default: WORK-report.html beside WORK."),
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Its numbers as JSON; - prints one envelope to stdout."),
    ] = None,
    sample: Annotated[int, typer.Option(help="Random queries to show.", min=0, max=60)] = 40,
    sample_seed: Annotated[
        int, typer.Option(help="Seed of the sample and of the leak.", min=0)
    ] = 13,
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
    as_json = json == STDOUT
    talk = Talk(quiet=as_json)
    with telling("report", as_json, talk) as answer:
        from negmine import api
        from negmine.analysis.report import files
        from negmine.stages import opening

        page = files.default_page(work) if html is None and json is None else html
        numbers = None if json is None or as_json else Path(json)
        files.check(work, page, numbers)
        house = opening.open_existing(work, {}, None, talk)
        found = api.make_report(house, sample, sample_seed, recall_floor, leak=not no_leak)
        files.write(found, page, numbers)
        answer["data"] = found.model_dump(mode="json")
        _tell(found, [path for path in (page, numbers) if path is not None], talk, as_json)


def _tell(found: Any, written: list[Path], talk: Talk, as_json: bool) -> None:
    """Say what was written and what to look at: on stdout for people, as notes beside an envelope."""
    lines = [f"warning: {one.kind}: {one.text}" for one in found.warnings]
    total = found.totals
    lines.append(
        f"{total.queries:,} queries, {total.candidates:,} candidates, {total.kept:,} kept, "
        f"{total.negatives:,} negatives written"
    )
    lines += [f"{path}  ({path.stat().st_size / 1e6:.1f} MB)" for path in written]
    if as_json:
        talk.notes.extend(lines)
        return
    console = out()
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
