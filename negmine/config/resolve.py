"""From flags, a TOML file and what a work directory remembers to one checked ResolvedConfig.

A flag wins over the file, the file over what the work directory remembers, that over the default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from negmine.config.dense import NAME, dense_models
from negmine.config.entry_points import with_plugins
from negmine.config.file import read_toml
from negmine.config.gone import why_gone
from negmine.config.naming import flag, nearest
from negmine.config.other_models import gone_with_models
from negmine.config.pairs_formats import GIVEN, has_given
from negmine.config.resolved import ResolvedConfig, RetrieverInfo, work_out
from negmine.config.rounds import next_round, with_pins
from negmine.config.runs import retriever_specs
from negmine.config.settings import STAGES, IndexSettings, Settings
from negmine.config.tables import all_fields, checked, is_none, stage_of_field
from negmine.config.validate import check
from negmine.errors import SettingsError

OPPOSITES = {"no_risk": "max_risk", "max_risk": "no_risk"}  # others are called alike
SOURCES = ("data", "qrels_split", "corpus", "queries", "qrels", "pairs")
SPLIT = ("qrels_split",)
OF_PAIRS = ("pairs_format",)
VECTORS = ("query_vectors", "document_vectors")
ENCODERS = ("model", "query_model", "dimensions", "model_url")
OF_VECTORS = (*VECTORS, "vector_id_column", "vector_column")
ONE, SEVERAL = ("device",), ("devices",)


def resolve(
    flags: Mapping[str, Any],
    file: Path | None,
    remembered: Settings | None,
    retriever_infos: Callable[[str, IndexSettings], Iterable[RetrieverInfo]],
) -> ResolvedConfig:
    """Merge all settings, check them, and work out what is in force.

    flags: field names to given values (no None). retriever_infos: tells of the retrievers that one
    --retriever means. Raises SettingsError with one message.
    """
    layers, from_file = Layers(), {} if file is None else read_toml(file)
    if remembered is not None:
        names_model = "model" in flags or "model" in from_file.get("index", {})
        layers.add("remembered", _as_round(remembered, round_of(flags, file), names_model))
    layers.add("file", from_file)
    unknown = [field for field in flags if field not in all_fields()]
    if unknown:
        close = nearest(unknown[0], all_fields())
        raise SettingsError(why_gone(unknown[0]) or f"unknown setting {unknown[0]!r}.{close}")
    by_stage = {
        stage: {f: v for f, v in flags.items() if stage_of_field(f) == stage} for stage in STAGES
    }
    layers.add("flag", by_stage)
    given = Settings.model_validate(
        {stage: checked(stage, table, flag) for stage, table in layers.tables.items()}
    )
    given = with_plugins(given, layers.origins, lambda spec: retriever_infos(spec, given.index))
    specs = retriever_specs(given.index.retriever, given.index.run)
    if has_given(given.index) and GIVEN not in specs:
        specs.append(GIVEN)
    retrievers = [one for spec in specs for one in retriever_infos(spec, given.index)]
    config = work_out(given, retrievers, layers.origins)
    check(config)
    return config


def _given(settings: Settings) -> dict[str, dict[str, Any]]:
    return {stage: getattr(settings, stage).model_dump(exclude_unset=True) for stage in STAGES}


def round_of(flags: Mapping[str, Any], file: Path | None) -> int | None:
    """Return the round that a command is about; None where neither its flags nor its file name one."""
    given = flags.get("round")
    if given is None and file is not None:
        given = read_toml(file).get("index", {}).get("round")
    return given if type(given) is int and given > 0 else None  # others are refused as settings


def _as_round(
    remembered: Settings, number: int | None, names_model: bool
) -> dict[str, dict[str, Any]]:
    """Return remembered settings as round `number` starts from them, where that is the next round."""
    tables, index = _given(remembered), remembered.index
    if number != (index.round or 1) + 1:
        return tables
    if index.document_vectors is not None or index.model_url is not None:
        raise SettingsError(
            f"--round {number}: the last round read vectors of --document-vectors or --model-url, and a round "
            "keeps only models that are files. Mine without --round, in a new work directory."
        )
    models = dense_models(index) if NAME in index.retriever else ()
    if models and not names_model:
        raise SettingsError(
            f"--round {number} needs --model: the model that was trained on what round {number - 1} wrote."
        )
    return {**tables, "index": next_round(tables["index"], number, models)}


class Layers:
    """Settings by stage; a later layer wins over an earlier one. `origins`: which layer gave each."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Any]] = {stage: {} for stage in STAGES}
        self.origins: dict[str, str] = {}

    def add(self, origin: str, given: Mapping[str, Mapping[str, Any]]) -> None:
        """Let `given` win; `none` forgets. One data source takes the place of others; so do opposites."""
        for stage, own in given.items():
            fields = with_pins(self.tables[stage], own)
            if "model" in fields:
                self.tables[stage] |= gone_with_models(self.tables[stage], fields)
            for rival in _rivals(fields):
                self._drop(stage, rival)
            for field, value in fields.items():
                if is_none(field, value):
                    self._drop(stage, field)
                    continue
                self.tables[stage][field] = value
                self.origins[field] = origin
                opposite = _opposite(field)
                if opposite not in fields:
                    self._drop(stage, opposite)

    def _drop(self, stage: str, field: str) -> None:
        if self.tables[stage].pop(field, None) is not None:
            self.origins.pop(field, None)


def _rivals(fields: Mapping[str, Any]) -> set[str]:
    """Return the settings that these take the place of: other data sources, models, devices.

    A split is one of --data, which it leaves. A model without --model-url is one of this machine: its name goes
    to no endpoint that was named before.
    """
    models = ((("model",), ("model_url",)), (("model", "model_url"), OF_VECTORS))
    either = ((VECTORS, ENCODERS), *models, (ONE, SEVERAL), (SEVERAL, ONE))
    split = (SPLIT, [name for name in SOURCES if name != "data"])
    whole = [name for name in SOURCES if name not in SPLIT]
    pairs = ((whole, SOURCES), split, (SOURCES, OF_PAIRS), *either)
    return {rival for some, rivals in pairs if any(f in some for f in fields) for rival in rivals}


def _opposite(field: str) -> str:
    return OPPOSITES.get(field) or (field[3:] if field.startswith("no_") else f"no_{field}")
