"""The commands of the stages: `negmine index`, `retrieve`, `rerank`, `write`. For filter: filter.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from negmine.cli.console import answering
from negmine.cli.options import Config, Force, Json, Work, with_settings
from negmine.cli.progress import TerminalProgress

REMEMBERS = "Settings that you do not give are those that WORK remembers."
# Command to what it does, and an example.
STAGES = {
    "index": (
        "Stage 1, index: read corpus, queries and qrels, and index the corpus for every retriever.",
        "negmine index work --data my-beir-folder",
    ),
    "retrieve": (
        "Stage 2, retrieve: search with every retriever and merge the hits into candidates.",
        "negmine retrieve work --k 200",
    ),
    "rerank": (
        "Stage 3, rerank: score candidates and positives with a cross-encoder (optional).",
        "negmine rerank work --rerank-model MODEL",
    ),
    "write": (
        "Stage 5, write: write the training files, their provenance and the data card.",
        "negmine write work --format n-tuple --num-negatives 7",
    ),
}


def stage_command(name: str) -> Callable[..., None]:
    """Return the command of a stage: it runs that stage."""

    @with_settings(name)
    def command(
        work: Work,
        flags: dict[str, Any],
        config: Config = None,
        force: Force = False,
        json: Json = False,
    ) -> None:
        run_stages(name, [name], work, flags, config, force, json)

    text, example = STAGES[name]
    command.__doc__ = f"{text}\n\n{REMEMBERS}\n\nExample: {example}"
    return command


def run_stages(
    command: str,
    stages: list[str],
    work: Path,
    flags: dict[str, Any],
    config: Path | None,
    force: bool,
    json: bool,
    since: Path | None = None,
) -> None:
    """Run stages on a work directory and show what was done."""
    progress = TerminalProgress(quiet=json)
    with answering(command, json, progress) as answer:
        from negmine.cli.render import summary as views
        from negmine.stages import making, opening

        if command == "mine":
            context = opening.context_to_mine(work, flags, config, progress, since, force)
        else:
            opened = opening.open_context if command == "index" else opening.open_existing
            context = opened(work, flags, config, progress, force)
        answer.data = result = making.run_stages(context, stages)
        answer.show = lambda console: console.print(views.summary(result), crop=False)
