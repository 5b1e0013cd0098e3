"""The settings of all stages as one list: what a command accepts, and what a search finds."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic.fields import FieldInfo

from negmine.config.naming import key
from negmine.config.settings import STAGES
from negmine.config.table import default_text, fact


@dataclass(frozen=True)
class Entry:
    """One setting: its field, and what help and docs say of it."""

    name: str
    stage: str
    field: FieldInfo

    @property
    def group(self) -> str:
        """The heading that the setting stands under in help and docs."""
        return str(fact(self.field, "group"))

    @property
    def essential(self) -> bool | str:
        """True: every short help shows it; "stage": that of its own stage; False: none."""
        return fact(self.field, "essential") or False

    @property
    def shared_with(self) -> tuple[str, ...]:
        """The other stages whose work depends on the setting."""
        return tuple(fact(self.field, "shared_with") or ())

    @property
    def description(self) -> str:
        """What the setting does."""
        return self.field.description or ""

    @property
    def default(self) -> str:
        """The default as help and docs show it; empty where the setting is off or not set."""
        return default_text(self.field)


ENTRIES: dict[str, Entry] = {
    name: Entry(name, stage, field)
    for stage, table in STAGES.items()
    for name, field in table.model_fields.items()
}


def accepted(stages: Iterable[str]) -> list[Entry]:
    """Return the settings of these stages, and those of other stages that their work depends on."""
    wanted = set(stages)
    return [e for e in ENTRIES.values() if e.stage in wanted or wanted & set(e.shared_with)]


def search(words: str) -> list[Entry]:
    """Return the settings that have every word in their name, group, stage or description.

    Those that have the words in their name come first. Case, and whether a name is written with - or _, do not
    matter. Without a word: all settings.
    """
    wanted = [_field(word) for word in words.lower().split()]
    hits = [entry for entry in ENTRIES.values() if all(word in _text(entry) for word in wanted)]
    return sorted(hits, key=lambda entry: not all(word in entry.name for word in wanted))


def nearest_names(words: str, most: int = 3) -> list[str]:
    """Return the names of settings that are spelled most like one of these words, at most `most`."""
    by_piece: dict[str, list[str]] = {}
    for name in ENTRIES:
        for piece in {name, *name.split("_")}:
            by_piece.setdefault(piece, []).append(name)
    names: dict[str, None] = {}
    for word in words.lower().split():
        for piece in difflib.get_close_matches(_field(word), by_piece, n=most):
            names |= dict.fromkeys(by_piece[piece])
    return list(names)[:most]


def _field(word: str) -> str:
    """Return a word as it stands in the name of a field: of `--max-risk=0.1`, `max_risk`."""
    return word.partition("=")[0].strip("-").replace("-", "_")


def _text(entry: Entry) -> str:
    described = f"{entry.group} {entry.stage} {entry.description}".lower()
    return f"{entry.name} {key(entry.name)} {described} {described.replace('-', '_')}"
