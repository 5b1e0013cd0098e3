"""A whole chunk of rows at once, where every value is a string or missing, and nothing is to be told of."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.data.frames import frame

# What Python strips as white space: Unicode's, and four separators of ASCII.
_SOMETHING = r"[^\s\x1c-\x1f]"


def as_strings(table: pa.Table) -> pl.DataFrame | None:
    """Return the table as strings, columns without any value as nulls; None where others have values."""
    nothing = [_holds_nothing(field.type) for field in table.schema]
    others = [place for place, is_nothing in enumerate(nothing) if not is_nothing]
    kinds = [table.schema.field(place).type for place in others]
    if (
        not others
        or "" in table.column_names
        or not all(  # Polars gives a name to what has none
            pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in kinds
        )
    ):
        return None
    some = table.select(others)
    rows = frame(
        some.rename_columns([str(place) for place in others])
    )  # Polars reads names as patterns
    none = pl.repeat(None, table.num_rows, dtype=pl.String, eager=True)
    return pl.DataFrame(
        [
            (none if is_nothing else rows[str(place)]).alias(name)
            for place, (name, is_nothing) in enumerate(
                zip(table.column_names, nothing, strict=True)
            )
        ]
    )


def _holds_nothing(kind: pa.DataType) -> bool:
    """Tell whether values of this type can only be null, {} or []."""
    if pa.types.is_list(kind):
        return bool(pa.types.is_null(kind.value_type))
    return bool(pa.types.is_null(kind) or (pa.types.is_struct(kind) and kind.num_fields == 0))


def filled(rows: pl.DataFrame) -> set[str]:
    """Return the columns that have a value other than an empty string."""
    return {name for name in rows.columns if (rows.get_column(name).str.len_bytes() > 0).any()}


def are_usable(rows: pl.DataFrame, id_column: str) -> bool:
    """Tell whether every row has an id, and a text or a title, and none of them holds a null byte.

    rows: the ids, text, title.
    """
    words = pl.col("text", "title")
    texts = pl.col("text", "title", id_column)
    empty = ~pl.any_horizontal(words.str.contains(_SOMETHING).fill_null(False))
    null_byte = pl.any_horizontal(texts.str.contains("\0", literal=True).fill_null(False))
    no_id = pl.col(id_column).fill_null("") == ""
    return not rows.select((empty | null_byte | no_id).any()).item()
