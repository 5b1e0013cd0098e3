"""`negmine batch`: put the rows of the training file in the order of composed batches."""

from __future__ import annotations

from typing import Any

from negmine.cli.console import answering
from negmine.cli.options import Config, Force, Json, Work, with_table
from negmine.cli.progress import TerminalProgress
from negmine.stages.batch.settings import BatchSettings


@with_table(BatchSettings)
def batch(
    work: Work,
    flags: dict[str, Any],
    config: Config = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Compose training batches: rows that belong together, and none that is a false negative of another.

    Writes the training file that was written last in a new order to WORK/6-batch, and a map of its rows.

    Example: negmine batch work --batch-size 64 --by cluster
    """
    progress = TerminalProgress(quiet=json)
    with answering("batch", json, progress) as answer:
        from negmine.cli.render import batch as views
        from negmine.stages.batch.making import run_batch
        from negmine.stages.batch.settings import batch_settings
        from negmine.stages.opening import open_existing

        settings = batch_settings(flags)
        context = open_existing(work, {}, config, progress, force)
        answer.data = made = run_batch(context, settings)
        answer.show = lambda console: console.print(views.batch(made, console.width))
