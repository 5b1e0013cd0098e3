"""Chat messages, as ms-swift reads queries and documents."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.data.schemas import TEXT

MESSAGES = pa.large_list(pa.struct([("role", TEXT), ("content", TEXT)]))


def message(role: str, content: str) -> pl.Expr:
    """Return a message of a role with the text of a column."""
    return pl.struct(role=pl.lit(role), content=pl.col(content))


def of_query() -> pl.Expr:
    """Return the messages of a query: its instruction as the system's, if it has one, then its text."""
    user, system = message("user", "query"), message("system", "instruction")
    alone, both = pl.concat_list(user), pl.concat_list(system, user)
    return pl.when(pl.col("instruction") == "").then(alone).otherwise(both)
