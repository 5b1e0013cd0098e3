"""What becomes of settings of models that an earlier layer gave, where a later one names other models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from negmine.config.dense import names_of
from negmine.config.naming import split_name
from negmine.config.rounds import OF_MODELS, is_pin
from negmine.config.settings import IndexSettings
from negmine.config.tables import named_model
from negmine.errors import SettingsError


def gone_with_models(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of `before` without what was set for models, as NAME=VALUE, that `given` does not name.

    before, given: of stage index, field to value. Raises SettingsError for a --query-model that was for other
    models: no vectors of one model's queries may meet another model's documents in silence.
    """
    old, new = (_models(table) for table in (before, given))
    changed = {}
    for field in OF_MODELS:
        if field in before and field not in given:
            values = _several(before[field])
            kept = [one for one in values if not _is_gone(str(one), old, new)]
            if field == "query_model":
                _check_query_models([one for one in kept if not is_pin(str(one))], old, new)
            if kept != values:
                changed[field] = tuple(kept)
    return changed


def _models(table: Mapping[str, Any]) -> dict[str, str]:
    """Return name to model, a folder by its whole path."""
    default = IndexSettings.model_fields["model"].default
    values = [str(one) for one in _several(table.get("model", default))]
    return dict(zip(names_of(values), map(named_model, values), strict=True))


def _is_gone(value: str, old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    owner, _ = split_name(value)
    return owner in old and owner not in new


def _check_query_models(values: list[Any], old: Mapping[str, str], new: Mapping[str, str]) -> None:
    for value in map(str, values):
        owner, _ = split_name(value)
        same = old == new if owner not in old else old[owner] == new.get(owner)
        if not same:
            raise SettingsError(
                f"--query-model {value} was for other models than these. Give it again, as NAME=MODEL for one "
                "of several, or --query-model none."
            )


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
