"""A negmine.toml: one table for each stage."""

from __future__ import annotations

import tomllib
from functools import partial
from pathlib import Path
from typing import Any

from negmine.config.addresses import as_dataset
from negmine.config.gone import why_gone
from negmine.config.json_text import DEEPEST
from negmine.config.naming import is_address, key, nearest
from negmine.config.places import why_not
from negmine.config.runs import RunFile, is_run, run_file
from negmine.config.settings import STAGES
from negmine.config.table import NONE, fact, kinds_of
from negmine.config.tables import all_fields, checked, is_none, stage_of_field
from negmine.errors import SettingsError

MOST_BYTES = 1_000_000
_PIPES = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
_AS_FLAGS = (
    "Its tables are those of the stages, with a line for each setting: see negmine settings."
)


def read_toml(path: Path) -> dict[str, dict[str, Any]]:
    """Return the tables of a negmine.toml; paths in it are relative to its folder. Raises SettingsError."""
    try:
        return _tables(path, tomllib.loads(_text(path)))
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise SettingsError(f"--config {path} is no TOML file: {error}.") from error
    except RecursionError as error:
        raise SettingsError(f"--config {path} is nested too deep. {_AS_FLAGS}") from error


def _text(path: Path) -> str:
    """Return the text of a file. Raises SettingsError where it is none, or could take all memory to parse."""
    is_piped = path.as_posix().startswith(_PIPES)  # as in --config <(command)
    if not is_piped and (reason := why_not(path)) is not None:
        raise SettingsError(f"--config {path} {reason}")
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"--config {path}: {what}.") from error
    if len(data) > MOST_BYTES:
        raise SettingsError(
            f"--config {path} has more than {MOST_BYTES:,} bytes. Check that this is the right file."
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise SettingsError(
            f"--config {path} is UTF-16, not UTF-8. Convert it: iconv -f UTF-16 -t UTF-8"
        )
    keys = (line.partition(b"=")[0] for line in data.splitlines())
    if any(key.count(b".") > DEEPEST for key in keys):
        raise SettingsError(f"--config {path} is nested too deep. {_AS_FLAGS}")
    return data.decode("utf-8-sig")


def _tables(path: Path, content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {}
    for stage, table in content.items():
        if stage not in STAGES or not isinstance(table, dict):
            tables_listed = ", ".join(f"[{name}]" for name in STAGES)
            raise SettingsError(
                f"{path}: unknown entry {stage!r}.{nearest(stage, STAGES)} The tables are {tables_listed}."
            )
        tables[stage] = {_field(path, stage, key): value for key, value in table.items()}
        for field, value in tables[stage].items():
            kinds = kinds_of(STAGES[stage].model_fields[field].annotation)
            if Path in kinds:
                is_dataset = bool(fact(STAGES[stage].model_fields[field], "dataset"))
                tables[stage][field] = _beside(path, value, is_dataset)
            elif field == "run":
                tables[stage][field] = _runs_beside(path, value)
        values = {field: v for field, v in tables[stage].items() if not is_none(field, v)}
        checked(stage, values, partial(_named_in_file, path, stage))
    return tables


def _beside(path: Path, value: Any, may_be_dataset: bool) -> Any:
    """Return a path, or each of a list, as relative to the folder of the file; anything else as it is.

    may_be_dataset: `owner/name` that is no path there is a dataset of the Hub.
    """
    if isinstance(value, list):
        return [_beside(path, one, may_be_dataset) for one in value]
    if not isinstance(value, str) or value == NONE or "://" in value:
        return value
    folder = path.resolve().parent
    return (as_dataset(Path(value), folder) if may_be_dataset else None) or folder / value


def _runs_beside(path: Path, value: Any) -> Any:
    """Return NAME=FILE, or each of a list, with the file relative to the folder of this one."""
    if isinstance(value, list):
        return [_runs_beside(path, one) for one in value]
    if not isinstance(value, str) or not is_run(value):
        return value
    name, run = run_file(value)
    return str(RunFile(name, path.resolve().parent / run)) if not is_address(run) else value


def _field(path: Path, stage: str, key: str) -> str:
    field = key.replace("-", "_")
    fields = STAGES[stage].model_fields
    if field in all_fields() and field not in fields:
        raise SettingsError(
            f"{path}: {key!r} stands in [{stage}]. Put it into [{stage_of_field(field)}]."
        )
    if (gone := why_gone(field)) is not None:
        raise SettingsError(f"{path}, [{stage}]: {gone}")
    if field not in fields:
        names = [name.replace("_", "-") for name in fields]
        raise SettingsError(f"{path}: unknown setting {key!r} in [{stage}].{nearest(key, names)}")
    return field


def _named_in_file(path: Path, stage: str, field: str) -> str:
    return f"{path}, [{stage}]: {key(field)} ="
