"""Run `batch` on a finished run: make what is missing, and say what the batches are worth."""

from __future__ import annotations

from typing import Any

from negmine.engine.context import Context
from negmine.engine.run import run
from negmine.stages.batch.plan import batch_artifacts
from negmine.stages.batch.settings import BatchSettings
from negmine.stages.batch.tasks import fewer
from negmine.stages.plan import make_plan
from negmine.storage.layout import BATCH_MAP, BATCHES, batched

STAGE = BATCHES.split("-")[1]
MOST = 0.1  # share of the rows without a batch above which there is a note


def run_batch(context: Context, settings: BatchSettings) -> dict[str, Any]:
    """Bring the batches up to date; return settings, counts and files.

    Raises MissingArtifact where a stage has to run first, SettingsError, InputError.
    """
    context = context.making([STAGE])
    plan = [*make_plan(context), *batch_artifacts(context, settings)]
    outcomes = run(context, plan, [STAGE], remembers=False)
    files = batched(context.config.write.main_format)
    manifest = context.work.require(BATCH_MAP)
    _note_left_over(context, manifest.stats, manifest.rows)
    return {
        "format": context.config.write.main_format,
        "settings": manifest.settings,
        "rows": manifest.rows,
        **manifest.stats,
        "artifacts": [
            {"artifact": one.artifact, "outcome": one.outcome, "seconds": one.seconds}
            for one in outcomes
        ],
        "files": [str(path) for path in context.work.part_files(files)],
    }


def _note_left_over(context: Context, stats: dict[str, Any], rows: int) -> None:
    left_over = sum(stats["left_over"].values())
    if rows and left_over > MOST * rows:
        context.progress.note(
            f"{left_over:,} of {rows:,} rows have no batch: {stats['left_over']['conflict']:,} contradict a "
            f"row of each batch that had room. Give a smaller --batch-size, {fewer(context)}"
        )
