"""A user's own output format: `--format package.module:FORMAT`, an `OutputFormat` of another package."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, get_type_hints

import polars as pl
import pyarrow as pa

from negmine.config.naming import plugin_name
from negmine.config.plugins import load_plugin
from negmine.config.settings import WriteSettings
from negmine.config.table import kinds_of
from negmine.data.frames import table
from negmine.data.schemas import training_schema
from negmine.errors import FormatError, NegmineError, SchemaError, SettingsError
from negmine.stages.write.formats.base import OutputFormat

FLAG = "--format"
_IDS = ("query_id", "positive_id", "negative_id")


def own_format(spec: str) -> OutputFormat:
    """Import a user's format and return it, named after its folder, with checks around its functions.

    Raises SettingsError where there is no OutputFormat of parts; its functions raise FormatError.
    """
    made = load_plugin(spec, FLAG)
    if not isinstance(made, OutputFormat):
        raise SettingsError(
            f"{FLAG} {spec}: this is {type(made).__name__!r}, not an OutputFormat of "
            "negmine.stages.write.formats.base."
        )
    if made.main or made.files:
        raise SettingsError(
            f"{FLAG} {spec}: a format of another package has no `main` and no `files`. Its rows are written as "
            "parts: part-00000 and so on."
        )
    if odd := _odd_field(made):
        raise SettingsError(f"{FLAG} {spec}: {odd}.")
    return replace(
        made,
        name=plugin_name(spec),
        schema=partial(_schema, spec, made),
        provenance=partial(_provenance, spec, made),
        rows=partial(_rows, spec, made),
    )


def _odd_field(made: OutputFormat) -> str | None:
    """Return what is wrong with a field that is one of a few words, or a number; None where nothing is."""
    for name in ("file_kind", "teacher", "instruction"):
        words = kinds_of(get_type_hints(OutputFormat)[name])
        if getattr(made, name) not in words:
            return f"{name} is {getattr(made, name)!r}, and not one of {', '.join(sorted(words))}"
    most = made.most_negatives
    if most is not None and (type(most) is not int or most < 1):
        return f"most_negatives is {most!r}, and not a number from 1"
    return None


def _called(spec: str, what: str, function: Callable[..., Any], *values: Any) -> Any:
    try:
        return function(*values)
    except NegmineError:
        raise
    except (Exception, SystemExit) as error:
        place = _line_of(error)
        raise FormatError(
            f"{FLAG} {spec}: {what}{place}: {type(error).__name__}: {error}"
        ) from error


def _line_of(error: BaseException) -> str:
    """Return the last line of the user's own code that an error went through, as ` (file:line)`, or nothing."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # without `_called`
    own = [one for one in frames if "site-packages" not in one.filename] or frames[:1]
    return f" ({own[-1].filename}:{own[-1].lineno})" if own else ""


def _schema(spec: str, made: OutputFormat, settings: WriteSettings) -> pa.Schema:
    schema = _called(spec, "schema", made.schema, settings)
    if not isinstance(schema, pa.Schema) or not schema.names:
        raise FormatError(f"{FLAG} {spec}: schema returned {schema!r}, not a pyarrow.Schema.")
    if len(set(schema.names)) < len(schema.names):
        raise FormatError(
            f"{FLAG} {spec}: schema returned a column twice: {', '.join(schema.names)}."
        )
    return training_schema(dict(zip(schema.names, schema.types, strict=True)))


def _provenance(
    spec: str,
    made: OutputFormat,
    positives: pl.DataFrame,
    negatives: pl.DataFrame,
    settings: WriteSettings,
) -> pl.DataFrame:
    rows = _called(spec, "provenance", made.provenance, positives, negatives, settings)
    fault = _fault(rows, made)
    if fault:
        raise FormatError(f"{FLAG} {spec}: provenance returned {fault}.")
    checked: pl.DataFrame = rows
    return checked


def _fault(rows: Any, made: OutputFormat) -> str | None:
    """Return what is wrong with the rows of a provenance, or None."""
    if not isinstance(rows, pl.DataFrame):
        return f"{type(rows).__name__}, not a Polars data frame"
    missing = [name for name in _IDS if name not in rows.columns]
    if missing:
        return f"no column {missing[0]}; it has {', '.join(rows.columns)}"
    for name, wanted, field in (
        ("positive_id", made.positive_lists, "positive_lists"),
        ("negative_id", made.has_lists, "has_lists"),
    ):
        if isinstance(rows.schema[name], pl.List) is not wanted:
            kind = "no lists" if wanted else "lists"
            return f"{kind} in {name}, and the format says {field}={wanted}"
    return None


def _rows(
    spec: str,
    made: OutputFormat,
    provenance: pl.DataFrame,
    texts: pl.DataFrame,
    settings: WriteSettings,
) -> pl.DataFrame:
    rows = _called(spec, "rows", made.rows, provenance, texts, settings)
    if not isinstance(rows, pl.DataFrame):
        raise FormatError(
            f"{FLAG} {spec}: rows returned {type(rows).__name__}, not a Polars data frame."
        )
    if rows.height != provenance.height:
        raise FormatError(
            f"{FLAG} {spec}: rows returned {rows.height:,} rows for {provenance.height:,} rows of provenance. "
            "Leave rows out in `provenance`."
        )
    try:
        table(rows, _schema(spec, made, settings))
    except (SchemaError, pa.ArrowException) as error:
        raise FormatError(f"{FLAG} {spec}: rows do not fit its schema: {error}") from error
    return rows
