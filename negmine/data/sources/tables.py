"""Tables that a caller of the Python API has in memory, as Arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.errors import SettingsError

FIELDS = ("corpus", "queries", "qrels", "pairs")  # settings that take a table in place of a file


def as_arrow(value: Any, field: str) -> pa.Table:
    """Return a table as Arrow.

    value: a list of dicts, a dict of columns, a Polars or pandas DataFrame, an Arrow table, or a
    `datasets.Dataset`. field: the setting that it was given for, for the message.
    Raises SettingsError for anything else.
    """
    if isinstance(value, pa.Table):
        return value
    if isinstance(value, pl.LazyFrame):
        value = value.collect()
    if isinstance(value, pl.DataFrame):
        return value.to_arrow(compat_level=pl.CompatLevel.oldest())
    if hasattr(value, "to_polars"):  # datasets.Dataset
        return as_arrow(value.to_polars(), field)
    if hasattr(value, "iloc"):  # pandas
        return pa.Table.from_pandas(value, preserve_index=False).replace_schema_metadata()
    if isinstance(value, Mapping):
        return pa.table({str(name): list(column) for name, column in value.items()})
    if isinstance(value, Sequence) and all(isinstance(row, Mapping) for row in value):
        return as_arrow(pl.DataFrame(list(value), infer_schema_length=None), field)
    raise SettingsError(
        f"{field}: {type(value).__name__} is no table. Give a file, a list of dicts, a Polars or pandas "
        "DataFrame, an Arrow table, or a datasets.Dataset."
    )
