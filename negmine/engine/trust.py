"""What a command may use outside its work directory: what the user named now, or trusts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from negmine.config.outside import Named, named_outside
from negmine.config.settings import Settings
from negmine.errors import NotTrusted
from negmine.storage.trust import Trust

BY_THE_USER = ("flag", "file")


@dataclass(frozen=True)
class Trusted:
    """What the settings of a command name outside the work directory.

    work: the directory whose settings they are. used: what may be used, since the user named it or trusts it.
    untrusted: what may not. damage: why the record of trust is not believed, if it is not.
    """

    work: str = ""
    used: tuple[Named, ...] = ()
    untrusted: tuple[Named, ...] = ()
    damage: str = ""

    def blocks(self, stage: str) -> list[Named]:
        """Return what this stage uses and may not."""
        return [one for one in self.untrusted if stage in one.stages]

    def require(self, stages: Iterable[str]) -> None:
        """Raise NotTrusted where one of these stages uses what is not trusted, naming all of it."""
        if any(self.blocks(stage) for stage in stages):
            raise NotTrusted(self.message)

    @property
    def message(self) -> str:
        """What is not trusted, and the two remedies."""
        things = "".join(f"\n  {one}" for one in self.untrusted)
        damage = f"\n{self.damage}: it counts as no trust." if self.damage else ""
        return (
            f"{self.work} wants to use what you have not named:{things}{damage}\n"
            "Nothing of it was imported, read or called. If it is what you want, name these flags in this "
            f"command, or allow all of it once: negmine trust {self.work}"
        )


ALL_TRUSTED = Trusted()


def trusted(
    given: Settings,
    origins: Mapping[str, str],
    root: Path,
    source: Path,
    name: str,
    place: Path | None = None,
) -> Trusted:
    """Return what the given settings name outside the work directory `root`, and what of it may be used.

    origins: setting to flag, file or remembered. source: the work directory that remembers; `name`: as messages
    call it; `place`: its address, if it has one. It is another than `root` where a new directory starts from
    it.
    """
    record = Trust(source if place is None else place)
    untrusted = tuple(
        one
        for one in named_outside(given, source)
        if origins.get(one.setting) not in BY_THE_USER and not record.covers(one)
    )
    used = tuple(one for one in named_outside(given, root) if one not in untrusted)
    return Trusted(name, used, untrusted, record.damage)
