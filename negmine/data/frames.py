"""Between Arrow and Polars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.data.schemas import conform


def array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return Python values as an Arrow array of this kind (strings, bytes, whole numbers), None as null.

    By way of Polars: pyarrow's own way loads pandas wherever that is installed, half a second for nothing.
    """
    is_binary = pa.types.is_fixed_size_binary(kind)
    dtype = pl.Binary if is_binary else pl.from_arrow(pa.nulls(0, kind)).dtype  # type: ignore[union-attr]
    series = pl.Series(values, dtype=dtype, strict=True)
    return series.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(kind)


def frame(table: pa.Table) -> pl.DataFrame:
    """Return a Polars frame over an Arrow table, without copying where types allow."""
    result = pl.from_arrow(table)
    assert isinstance(result, pl.DataFrame)
    return result


def table(data: pl.DataFrame, schema: pa.Schema, extras: bool = False) -> pa.Table:
    """Return an Arrow table that fits `schema` (see schemas.conform)."""
    return conform(data.to_arrow(compat_level=pl.CompatLevel.oldest()), schema, extras)
