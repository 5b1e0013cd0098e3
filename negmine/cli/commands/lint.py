"""The command `negmine lint`: it audits files of training data and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from negmine.analysis.lint.settings import LintSettings
from negmine.cli.console import answering
from negmine.cli.options import Json, with_table
from negmine.cli.progress import TerminalProgress

MOST_WIDTH = 120  # columns; longer lines are hard to read


@with_table(LintSettings)
def lint(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            show_default=False,
            help="Parquet, jsonl, csv or tsv files, folders of them, or addresses such as s3://bucket/train.parquet.",
        ),
    ],
    flags: dict[str, Any],
    json: Json = False,
) -> None:
    """Audit files of training triplets: what is wrong, how often, in which rows. Changes nothing.

    Reads the formats of sentence-transformers (triplet, n-tuple, labeled-pair, labeled-list) and of
    FlagEmbedding.

    Example: negmine lint work/5-write/triplet mined.jsonl --fail-on fault=0
    """
    progress = TerminalProgress(quiet=json)
    with answering("lint", json, progress) as answer:
        from negmine.analysis.lint.gates import check_gates, read_gates
        from negmine.analysis.lint.run import audit
        from negmine.analysis.lint.settings import lint_settings
        from negmine.cli.render import lint as view

        settings = lint_settings(flags)
        gates = read_gates(settings.fail_on)
        answer.data = report = audit(files, settings, progress)
        for note in report["notes"]:
            progress.note(note)
        answer.show = lambda console: view.show(report, console, min(console.width, MOST_WIDTH))
        check_gates(report["rules"], gates)
