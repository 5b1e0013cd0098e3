"""The pure part: which documents are drawn, which queries are copies, which find their document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.data.hashing import name_hashes
from negmine.stages.generate.writing import REPEATED, WRITTEN

YOURS, NOT_FOUND = "yours", "not_found"
_TYPES = {
    "doc_id": pl.String,
    "number": pl.Int64,
    "outcome": pl.String,
    "query_id": pl.String,
    "query": pl.String,
    "text_key": pl.Binary,
    "origin": pl.String,
    "language": pl.String,
}


def drawn(documents: pl.DataFrame, count: int, seed: int) -> pl.DataFrame:
    """Return `count` rows of `documents`, in their order; of a larger count, these are a part.

    documents: doc_id. Those with the lowest hash of their doc_id are taken.
    """
    hashed = documents.with_row_index("_place").with_columns(
        _draw=name_hashes(documents["doc_id"], seed)
    )
    return hashed.sort("_draw", "doc_id").head(count).sort("_place").drop("_place", "_draw")


def table(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return the rows of `asking.ask` as a table."""
    return pl.DataFrame(rows, schema=_TYPES, orient="row")


def told_apart(rows: pl.DataFrame, own: pl.Series) -> pl.DataFrame:
    """Return rows with outcome `yours` for a query that the user has, `repeated` for one that was there before.

    own: the text_keys of the user's queries. Of rows with the same text, the first stays.
    """
    is_written = pl.col("outcome") == WRITTEN
    is_yours = is_written & pl.col("text_key").is_in(own.implode())
    is_again = is_written & ~pl.col("text_key").is_first_distinct()
    outcome = (
        pl.when(is_yours).then(pl.lit(YOURS)).when(is_again).then(pl.lit(REPEATED)).otherwise("outcome")
    )  # fmt: skip
    return rows.with_columns(outcome=outcome)


def places(hits: NDArray[np.int64], documents: NDArray[np.int64]) -> pl.Series:
    """Return at which place, from 1, row i of `hits` has document i; null where it has it not.

    hits: positions, int64 [queries, k]. documents: int64 [queries].
    """
    is_it = hits == documents[:, None]
    place = np.where(is_it.any(axis=1), is_it.argmax(axis=1) + 1, 0)
    return pl.Series(place, dtype=pl.Int32).replace(0, None)


def filtered(rows: pl.DataFrame, ranks: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Return rows with `<retriever>_rank` of their document, and outcome `not_found` where none has it.

    rows: those with outcome `written`. ranks: by retriever, at most as deep as was searched.
    """
    names = [f"{name}_rank" for name in ranks]
    ranked = rows.with_columns(**{f"{name}_rank": one for name, one in ranks.items()})
    is_found = pl.any_horizontal(pl.col(names).is_not_null()) if names else pl.lit(False)
    return ranked.with_columns(
        outcome=pl.when(is_found).then("outcome").otherwise(pl.lit(NOT_FOUND))
    )
