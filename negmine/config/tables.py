"""The stages' settings tables, by field: which stage has it, whether a value fits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from negmine.config.addresses import Address, as_dataset
from negmine.config.naming import flag, split_name
from negmine.config.runs import RunFile, run_file
from negmine.config.settings import STAGES
from negmine.config.table import NONE, StageSettings, default_text, fact, kinds_of, validated
from negmine.errors import SettingsError

MODELS = (
    "model",
    "earlier_model",
    "query_model",
    "sparse_model",
    "late_model",
    "rerank_model",
    "guide_model",
    "judge_local",
    "generate_local",
)
NAMED_MODELS = ("model", "earlier_model", "query_model")  # each may be NAME=MODEL


def stage_of_field(field: str) -> str:
    """Return the stage whose settings table has `field`."""
    return next(stage for stage, table in STAGES.items() if field in table.model_fields)


def is_none(field: str, value: Any) -> bool:
    """Tell whether the value is `none`. Raises SettingsError for a setting that always has one."""
    one = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    info = STAGES[stage_of_field(field)].model_fields[field]
    kinds = kinds_of(info.annotation)
    if not isinstance(one, str | Path) or str(one) != NONE or NONE in kinds:
        return False
    if type(None) not in kinds and info.default != ():
        raise SettingsError(
            f"{flag(field)} none: this setting always has a value. The default is {default_text(info)}."
        )
    return True


def checked(stage: str, table: dict[str, Any], name: Callable[[str], str]) -> StageSettings:
    """Return a stage's settings; raise SettingsError, naming a field as `name` does."""
    return _absolute(validated(STAGES[stage], table, name))


def _absolute(settings: StageSettings) -> StageSettings:
    """Make paths absolute, and models that are folders or files here: they are remembered."""
    update: dict[str, Any] = {}
    for field in settings.model_fields_set:
        value = getattr(settings, field)
        real = partial(
            _real, may_be_dataset=bool(fact(type(settings).model_fields[field], "dataset"))
        )
        if isinstance(value, Path):
            update[field] = real(value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Path):
            update[field] = tuple(map(real, value))
        elif field == "run":
            runs = [(one.name, real(one.path)) for one in map(run_file, value)]
            update[field] = tuple(str(RunFile(name, path)) for name, path in runs)
        elif field in NAMED_MODELS and getattr(settings, "model_url", None) is not None:
            continue  # a name at an endpoint, even where a folder here is called so
        elif field in MODELS and value:
            many = isinstance(value, tuple)
            absolute = named_model if field in NAMED_MODELS else _model_path
            paths = tuple(map(absolute, value if many else (value,)))
            update[field] = paths if many else paths[0]
    return settings.model_copy(update=update)


def named_model(value: str) -> str:
    """Return MODEL or NAME=MODEL with an absolute path; a folder whose own name has a `=` is no NAME=MODEL."""
    name, model = split_name(value)
    if not name or _model_path(value) != value:
        return _model_path(value)
    return f"{name}={_model_path(model)}"


def _model_path(name: str) -> str:
    path = Path(name)
    with suppress(RuntimeError):  # a name that begins with ~, of no user
        path = path.expanduser()
    with suppress(OSError):  # a name that no file can have
        return str(path.resolve()) if path.exists() else name
    return name


def _real(path: Path, may_be_dataset: bool) -> Path:
    """Return a path without links and ~; an address, also of a dataset of the Hub, as it is.

    Raises SettingsError where links lead nowhere.
    """
    if isinstance(path, Address):
        return path
    if may_be_dataset and (dataset := as_dataset(path)) is not None:
        return dataset
    try:
        return path.expanduser().resolve()
    except (RuntimeError, OSError) as error:
        raise SettingsError(
            f"{path} leads nowhere: its links lead in a circle, or it begins with ~ and no user's name."
        ) from error


def all_fields() -> list[str]:
    """Return the name of every setting of every stage."""
    return [field for table in STAGES.values() for field in table.model_fields]
