"""Every setting of every stage: the one source of flags, TOML keys, manifest entries and docs.

A field's name is its flag and its TOML key (`relative_margin` is `--relative-margin` and
`relative-margin`). A field marked `speed` changes no row and so belongs to no artifact's identity.
"""

from __future__ import annotations

from negmine.config.settings.filter import FilterSettings
from negmine.config.settings.generate import GenerateSettings
from negmine.config.settings.index import IndexSettings
from negmine.config.settings.rerank import RerankSettings
from negmine.config.settings.retrieve import RetrieveSettings
from negmine.config.settings.write import WriteSettings
from negmine.config.table import StageSettings

__all__ = [
    "STAGES",
    "FilterSettings",
    "GenerateSettings",
    "IndexSettings",
    "RerankSettings",
    "RetrieveSettings",
    "Settings",
    "WriteSettings",
]


class Settings(StageSettings):
    """The settings of all stages: one table for each, as in negmine.toml."""

    index: IndexSettings = IndexSettings()
    retrieve: RetrieveSettings = RetrieveSettings()
    generate: GenerateSettings = GenerateSettings()
    rerank: RerankSettings = RerankSettings()
    filter: FilterSettings = FilterSettings()
    write: WriteSettings = WriteSettings()


STAGES: dict[str, type[StageSettings]] = {
    "index": IndexSettings,
    "retrieve": RetrieveSettings,
    "generate": GenerateSettings,
    "rerank": RerankSettings,
    "filter": FilterSettings,
    "write": WriteSettings,
}
