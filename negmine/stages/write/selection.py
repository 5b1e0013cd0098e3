"""Which kept candidates of a query become its negatives, and in which order."""

from __future__ import annotations

import polars as pl

from negmine.config.effective import AUTO, FUSED
from negmine.config.settings import FilterSettings
from negmine.data.schemas import JUDGED_NEGATIVE
from negmine.stages.write import generated
from negmine.stages.write.positives import positives
from negmine.stages.write.reuse import available
from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.sampling.table import SAMPLINGS


def judged_first(rules: FilterSettings) -> bool:
    """Tell whether documents that people judged not relevant come first."""
    return rules.judged_negatives == "first"


def selected(verdicts: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Return the rows of `verdicts` that are written as negatives, with place and sampling_probability.

    These are kept rows, best first by `order`. The sampling says in which order the query takes them: `place`,
    from 0. It takes as many as are wanted (see `wanted`), or fewer where there are no more. What a query gets
    depends on its own rows alone; with a limit of reuse also on `cutoffs`.
    """
    rows = available(placed(verdicts, selection), selection.cutoffs, selection.score)
    rows = rows.with_columns(
        place=pl.col("place").rank("ordinal").over("query_id").cast(pl.Int64) - 1
    )
    if generated.includes(selection.write):
        written = generated.chosen(verdicts, selection.write, selection.score, selection.cutoffs)
        return generated.beside(rows, with_round(written, selection), wanted(verdicts, selection))
    if selection.write.per == "query":
        return rows.filter(pl.col("place") < selection.write.num_negatives)
    most = wanted(verdicts, selection).select("query_id", "wanted")
    rows = rows.join(most, on="query_id", how="left", maintain_order="left")
    return rows.filter(pl.col("place") < pl.col("wanted")).drop("wanted")


def placed(verdicts: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Return the kept rows that the sampling may take, best first, with place and sampling_probability.

    Of a query, the row with the lowest place is taken first.
    """
    write = selection.write
    found = verdicts.filter(pl.col("kept") & ~generated.IS_GENERATED)
    kept = ordered(found, write.order, selection.people_first)
    kept = with_round(kept, selection)
    kept = kept.with_columns(turn=pl.int_range(pl.len()).over("query_id"))
    rows = SAMPLINGS[write.sampling](kept, selection)
    if write.keep_share and selection.earlier is not None:
        rows = _earlier_first(rows, wanted(verdicts, selection), selection)
    return rows.filter(pl.col("place").is_not_null()).drop("turn")


def with_round(rows: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Return rows with `round`, the one that wrote the document first as a negative of the query.

    What the last round has not written is of this one. In round 1 there is no such column.
    """
    if selection.earlier is None:
        return rows
    pairs = selection.earlier(rows["query_id"])
    joined = rows.join(pairs, on=["query_id", "doc_id"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("round").fill_null(selection.round).cast(pl.Int32))


def _earlier_first(rows: pl.DataFrame, wanted: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Return rows with the places of `--keep-share`: the best of what the last round wrote come first.

    Of each query they are as many as that share of what is wanted, rounded down. Nothing draws them, so
    their sampling_probability is 1. Negatives of earlier checkpoints beside new ones: QCRD.
    """
    share = pl.col("wanted") * selection.write.keep_share
    most = wanted.select("query_id", _most=(share + 1e-9).floor().cast(pl.Int64))
    rows = rows.join(most, on="query_id", how="left", maintain_order="left")
    is_earlier = pl.col("round") < selection.round
    number = pl.col("turn").rank("ordinal").over("query_id", is_earlier).cast(pl.Int64)
    rows = rows.with_columns(_first=is_earlier & (number <= pl.col("_most")), _number=number)
    is_first = pl.col("_first")
    return rows.with_columns(
        place=pl.when(is_first).then("_number").otherwise(pl.col("place") + pl.col("_most") + 1),
        sampling_probability=pl.when(is_first).then(1.0).otherwise("sampling_probability"),
    ).drop("_most", "_first", "_number")


def wanted(verdicts: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Return query_id, wanted (int64) of every query: `num_negatives`, or as many for each of its positives."""
    write = selection.write
    queries = verdicts.select("query_id").unique(maintain_order=True)
    if write.per == "query":
        return queries.with_columns(wanted=pl.lit(write.num_negatives, pl.Int64))
    counts = positives(verdicts, write, selection.score).group_by("query_id").len("wanted")
    return queries.join(counts, on="query_id", how="left", maintain_order="left").with_columns(
        pl.col("wanted").fill_null(0).cast(pl.Int64) * write.num_negatives
    )


def ordered(kept: pl.DataFrame, order: str, people_first: bool) -> pl.DataFrame:
    """Return rows by fused rank (`fused`), or by the score that `order` names, best first.

    `auto`, which only settings that nobody has worked out still have, is `fused` here. With `people_first`,
    those that people judged not relevant come first. Queries stay where they are. Ties in a score are broken by
    doc_id; rows without the score come last.
    """
    by_rank = order in (AUTO, FUSED)
    if by_rank and not people_first:
        return kept
    keys = [pl.col("query_id").rle_id()]
    if people_first:
        keys.append(pl.col("label") != JUDGED_NEGATIVE)
    if not by_rank:
        keys += [-pl.col(f"{order}_score"), pl.col("doc_id")]
    return kept.sort(*keys, nulls_last=True, maintain_order=True)
