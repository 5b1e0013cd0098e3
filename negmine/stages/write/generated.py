"""`--include generated`: documents that a language model wrote among the negatives of a query."""

from __future__ import annotations

import polars as pl

from negmine.config.settings import WriteSettings
from negmine.data.schemas import GENERATED
from negmine.stages.write.reuse import available

IS_GENERATED = pl.col("label") == GENERATED


def includes(write: WriteSettings) -> bool:
    """Tell whether written documents may become negatives."""
    return write.include == GENERATED


def chosen(
    verdicts: pl.DataFrame, write: WriteSettings, score: str, cutoffs: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return the kept rows that a model wrote and that are taken: at most `max_generated` of each query.

    Those with the best `score` come first, ties by doc_id. Nothing draws them: sampling_probability is 1.
    place: from 0. cutoffs: of `--max-reuse` (see reuse.py); a shared document can be that of many queries.
    """
    rows = available(verdicts.filter(pl.col("kept") & IS_GENERATED), cutoffs, score)
    order = (pl.col("query_id").rle_id(), -pl.col(f"{score}_score"), pl.col("doc_id"))
    in_order = rows.sort(*order, nulls_last=True, maintain_order=True)
    placed = in_order.with_columns(
        place=pl.int_range(pl.len()).over("query_id"), sampling_probability=pl.lit(1.0)
    )
    return placed.filter(pl.col("place") < write.max_generated)


def beside(found: pl.DataFrame, written: pl.DataFrame, most: pl.DataFrame) -> pl.DataFrame:
    """Return what a query takes: retrieved rows, and behind them written ones in place of its last.

    found: retrieved rows with `place`, from 0. written: see `chosen`. most: query_id, wanted: how many a query
    may have.
    """
    places = most.with_row_index("_query")
    counts = written.group_by("query_id").len("_written")
    limits = places.join(counts, on="query_id", how="left", maintain_order="left").with_columns(
        _written=pl.min_horizontal(pl.col("_written").fill_null(0).cast(pl.Int64), "wanted")
    )
    left = found.join(limits, on="query_id", how="inner", maintain_order="left").filter(
        pl.col("place") < pl.col("wanted") - pl.col("_written")
    )
    taken = left.group_by("query_id").len("_found")
    added = (
        written.join(limits, on="query_id", how="inner", maintain_order="left")
        .filter(pl.col("place") < pl.col("_written"))
        .join(taken, on="query_id", how="left", maintain_order="left")
        .with_columns(place=pl.col("place") + pl.col("_found").fill_null(0).cast(pl.Int64))
        .drop("_found")
    )
    both = pl.concat([left, added.select(left.columns)])
    return both.sort("_query", maintain_order=True).drop("_query", "wanted", "_written")
