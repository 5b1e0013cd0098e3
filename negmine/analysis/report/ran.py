"""What ran: stages with rows and seconds, models, settings, versions."""

from __future__ import annotations

from collections.abc import Iterable

from negmine.analysis.report.schema import ArtifactRun, Model, Ran, Setting, StageRun
from negmine.engine.context import Context
from negmine.stages.write.card.models import used
from negmine.stages.write.card.shaping import shaping
from negmine.storage.layout import VERDICTS
from negmine.storage.manifest import Manifest


def ran(context: Context, manifests: Iterable[Manifest]) -> Ran:
    """Return what ran. manifests: of all that is there, in the order it is made."""
    stages: dict[str, list[ArtifactRun]] = {}
    for one in manifests:
        stages.setdefault(one.stage, []).append(
            ArtifactRun(
                artifact=one.artifact, rows=one.rows, seconds=one.seconds, made_at=one.made_at
            )
        )
    return Ran(
        stages=[
            StageRun(stage=stage, seconds=round(sum(a.seconds for a in runs), 3), artifacts=runs)
            for stage, runs in stages.items()
        ],
        models=[Model(**model._asdict()) for model in used(context)],
        settings=[Setting(**setting._asdict()) for setting in shaping(context)],
        versions=context.work.require(VERDICTS).versions,
    )
