"""A whole chunk of rows at once, where every value is a string or missing, and nothing is to be told of."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.data.frames import frame

# What Python strips as white space: Unicode's, and four separators of ASCII.
_SOMETHING = r"[^\s\x1c-\x1f]"


def as_strings(table: pa.Table) -> pl.DataFrame | None:
    """Return the table as strings, columns without any value as nulls; None where others have values."""
    nothing = [field.name for field in table.schema if _holds_nothing(field.type)]
    others = [field.name for field in table.schema if field.name not in nothing]
    names = {*table.column_names} - {""}  # Polars gives a name to what has none
    if len(names) < table.num_columns or not all(
        pa.types.is_string(table[name].type) or pa.types.is_large_string(table[name].type)
        for name in others
    ):
        return None
    rows = frame(table.select(others))
    columns = [
        pl.lit(None, pl.String).alias(name) if name in nothing else pl.col(name)
        for name in table.column_names
    ]
    return rows.select(columns) if others else None


def _holds_nothing(kind: pa.DataType) -> bool:
    """Tell whether values of this type can only be null, {} or []."""
    if pa.types.is_list(kind):
        return bool(pa.types.is_null(kind.value_type))
    return bool(pa.types.is_null(kind) or (pa.types.is_struct(kind) and kind.num_fields == 0))


def filled(rows: pl.DataFrame) -> set[str]:
    """Return the columns that have a value other than an empty string."""
    some = rows.select((pl.col(name).str.len_bytes() > 0).any() for name in rows.columns)
    return {name for name in rows.columns if some[name].item()}


def are_usable(rows: pl.DataFrame, id_column: str) -> bool:
    """Tell whether every row has an id, and a text or a title, and neither holds a null byte.

    rows: the ids, text, title.
    """
    words = pl.col("text", "title")
    empty = ~pl.any_horizontal(words.str.contains(_SOMETHING).fill_null(False))
    null_byte = pl.any_horizontal(words.str.contains("\0", literal=True).fill_null(False))
    no_id = pl.col(id_column).fill_null("") == ""
    return not rows.select((empty | null_byte | no_id).any()).item()
