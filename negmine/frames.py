"""Between Arrow and Polars: the two lines that every room needs."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.schemas import conform


def frame(table: pa.Table) -> pl.DataFrame:
    """Return a Polars frame over an Arrow table, without copying where types allow."""
    result = pl.from_arrow(table)
    assert isinstance(result, pl.DataFrame)
    return result


def table(data: pl.DataFrame, schema: pa.Schema, extras: bool = False) -> pa.Table:
    """Return an Arrow table that fits `schema` (see schemas.conform)."""
    return conform(data.to_arrow(compat_level=pl.CompatLevel.oldest()), schema, extras)
