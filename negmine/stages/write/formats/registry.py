"""Every output format by name. A new format is one file beside this one, and one line in MODULES.

The module of a format is imported when the format is asked for: the names alone, which `--help` shows, need no
Polars.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from negmine.config.naming import nearest
from negmine.errors import SettingsError

if TYPE_CHECKING:
    from negmine.stages.write.formats.base import OutputFormat

# Name, as --format takes it, to the module that defines FORMAT.
MODULES = {
    "triplet": "negmine.stages.write.formats.triplet",
    "n-tuple": "negmine.stages.write.formats.n_tuple",
    "labeled-pair": "negmine.stages.write.formats.labeled_pair",
    "labeled-list": "negmine.stages.write.formats.labeled_list",
    "kd": "negmine.stages.write.formats.kd",
    "kd-triplet": "negmine.stages.write.formats.kd_triplet",
    "ids": "negmine.stages.write.formats.ids",
    "flagembedding": "negmine.stages.write.formats.flagembedding",
    "tevatron": "negmine.stages.write.formats.tevatron",
    "tevatron-ids": "negmine.stages.write.formats.tevatron_ids",
    "swift": "negmine.stages.write.formats.swift",
    "swift-reranker": "negmine.stages.write.formats.swift_reranker",
    "colbert": "negmine.stages.write.formats.colbert",
    "nemo": "negmine.stages.write.formats.nemo",
    "nemo-inline": "negmine.stages.write.formats.nemo_inline",
    "gritlm": "negmine.stages.write.formats.gritlm",
    "beir": "negmine.stages.write.formats.beir",
    "reranker-eval": "negmine.stages.write.formats.reranker_eval",
    "arctic": "negmine.stages.write.formats.arctic",
    "lightning-ir": "negmine.stages.write.formats.lightning_ir",
    "gpl": "negmine.stages.write.formats.gpl",
    "rank-llm": "negmine.stages.write.formats.rank_llm",
    "dpr": "negmine.stages.write.formats.dpr",
}


class _Formats(Mapping[str, "OutputFormat"]):
    """MODULES as a mapping of name to OutputFormat, in the order of MODULES."""

    def __getitem__(self, name: str) -> OutputFormat:
        chosen: OutputFormat = import_module(MODULES[name]).FORMAT
        return chosen

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


FORMATS: Mapping[str, OutputFormat] = _Formats()


def format_named(name: str) -> OutputFormat:
    """Return the format that `--format` names. Raises SettingsError where there is none."""
    if name not in FORMATS:
        raise SettingsError(
            f"--format {name}: there is no such format.{nearest(name, FORMATS)} "
            f"There are: {', '.join(FORMATS)}."
        )
    return FORMATS[name]
