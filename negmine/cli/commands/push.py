"""`negmine push`: the training files and their card, sent to the Hugging Face hub."""

from __future__ import annotations

from typing import Annotated

import typer

from negmine.cli.console import answering
from negmine.cli.options import Json, Work
from negmine.cli.progress import TerminalProgress

Repo = Annotated[
    str,
    typer.Argument(
        metavar="REPO", help="The dataset repository, as OWNER/NAME.", show_default=False
    ),
]
Private = Annotated[
    bool,
    typer.Option("--private", help="Only you and your organisation see a new repository."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be sent, and where; ask nobody.")
]
ReplaceCard = Annotated[
    bool, typer.Option("--replace-card", help="Replace a card that negmine did not write.")
]


def push(
    work: Work,
    repo: Repo,
    private: Private = False,
    dry_run: DryRun = False,
    replace_card: ReplaceCard = False,
    json: Json = False,
) -> None:
    """Send training files, provenance and card to the Hugging Face hub, as a dataset repository.

    The token is that of HF_TOKEN, or of `hf auth login`. Refuses what is stale.

    Example: negmine push work my-name/my-negatives --private
    """
    progress = TerminalProgress(quiet=json)
    with answering("push", json, progress) as answer:
        from negmine import api
        from negmine.cli.render import push as views

        answer.data = sent = api.push(
            work,
            repo,
            private=private,
            dry_run=dry_run,
            replace_card=replace_card,
            progress=progress,
        )
        answer.show = lambda console: console.print(views.push(sent, console.width))
