"""What ran: rooms with rows and seconds, models, settings, versions."""

from __future__ import annotations

from collections.abc import Iterable

from negmine.analysis.report.schema import ArtifactRun, Model, Ran, RoomRun, Setting
from negmine.stages.context import VERDICTS, House
from negmine.stages.write.card.models import used
from negmine.stages.write.card.shaping import shaping
from negmine.storage.workdir import Manifest


def ran(house: House, manifests: Iterable[Manifest]) -> Ran:
    """Return what ran. manifests: of all that is there, in the order it is made."""
    rooms: dict[str, list[ArtifactRun]] = {}
    for one in manifests:
        rooms.setdefault(one.room, []).append(
            ArtifactRun(
                artifact=one.artifact, rows=one.rows, seconds=one.seconds, made_at=one.made_at
            )
        )
    return Ran(
        rooms=[
            RoomRun(room=room, seconds=round(sum(a.seconds for a in found), 3), artifacts=found)
            for room, found in rooms.items()
        ],
        models=[Model(**model._asdict()) for model in used(house)],
        settings=[Setting(**setting._asdict()) for setting in shaping(house)],
        versions=house.work.require(VERDICTS).versions,
    )
