"""What ran: stages with rows and seconds, models, settings, versions."""

from __future__ import annotations

from pydantic import Field

from negmine.analysis.report.sections.base import Part, Section, Source
from negmine.stages.write.card.models import used
from negmine.stages.write.card.shaping import shaping
from negmine.storage.layout import VERDICTS


class ArtifactRun(Part):
    """One artifact, as its manifest says."""

    artifact: str = Field(description="its name")
    rows: int = Field(description="its rows")
    seconds: float = Field(description="how long it took when it was made")
    made_at: str = Field(description="when, UTC")


class StageRun(Part):
    """One stage."""

    stage: str = Field(description="its name")
    seconds: float = Field(description="sum over its artifacts")
    artifacts: list[ArtifactRun] = Field(description="in the order they are made")


class Setting(Part):
    """One setting that shaped rows and is not off."""

    stage: str = Field(description="the stage it belongs to")
    name: str = Field(description="its TOML key")
    value: str = Field(description="as people write it")


class Model(Part):
    """One model that scored."""

    role: str = Field(description="dense, rerank, guide, risk, judge")
    name: str = Field(description="what it was called")
    fingerprint: str = Field(
        description="of its files (a guide: with its prompt); empty if unknown"
    )


class Ran(Part):
    """What ran."""

    stages: list[StageRun] = Field(description="stages with their artifacts")
    models: list[Model] = Field(description="models that scored")
    settings: list[Setting] = Field(description="settings as the manifests recorded them")
    versions: dict[str, str] = Field(description="package to version, when the verdicts were made")


def _build(source: Source) -> Ran:
    context = source.context
    manifests = [one.manifest for one in source.states if one.manifest is not None]
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


RAN = Section(_build)
