"""The pairs whose label nearest neighbours go by: known positives, and negatives of the same queries."""

from __future__ import annotations

import polars as pl

from negmine.data.schemas import GENERATED, JUDGED_NEGATIVE, POSITIVE, UNLABELED
from negmine.engine.context import Context
from negmine.scorers.judge.base import NOT_RELEVANT, RELEVANT
from negmine.stages.filter.neighbours import PAIR
from negmine.storage.labels import labelled_pairs
from negmine.storage.layout import VERDICTS

COLUMNS = [*PAIR, "label", "rank", "kept", "judge_verdict"]


def intrinsic(verdicts: pl.DataFrame) -> pl.DataFrame:
    """Return query_id, doc_id, positive of a part's reference pairs when the labels at hand count as right.

    All known positives; and of each query as many negatives as it has positives: the first kept ones, judged
    ones before unlabeled ones.
    """
    is_positive = pl.col("label") == POSITIVE
    negative = pl.col("kept") & pl.col("label").is_in([UNLABELED, JUDGED_NEGATIVE])
    place = pl.struct(pl.col("label") != JUDGED_NEGATIVE, "rank", "doc_id")
    rows = verdicts.with_columns(count=is_positive.sum().over("query_id")).filter(
        is_positive | negative
    )
    order = place.rank("ordinal").over("query_id", is_positive)
    return rows.filter(is_positive | (order <= pl.col("count"))).select(*PAIR, positive=is_positive)


def extrinsic(verdicts: pl.DataFrame, labelled: pl.DataFrame) -> pl.DataFrame:
    """Return the same of pairs that somebody has looked at: a small clean subset.

    Positive: a positive that `negmine label` named, or a pair that the judge calls relevant. Negative: what
    people or the judge call not relevant. labelled: query_id, doc_id.
    """
    marked = labelled.with_columns(labelled=True)
    rows = verdicts.join(marked, on=PAIR, how="left", maintain_order="left")
    verdict = pl.col("judge_verdict").fill_null("")
    is_positive = ((pl.col("label") == POSITIVE) & pl.col("labelled").fill_null(False)) | (
        verdict == RELEVANT
    )
    is_negative = (pl.col("label") == JUDGED_NEGATIVE) | (verdict == NOT_RELEVANT)
    # what people said of a pair counts, whatever the judge says
    is_positive &= pl.col("label") != JUDGED_NEGATIVE
    is_negative &= ~is_positive
    return rows.filter(is_positive | is_negative).select(*PAIR, positive=is_positive)


def of_verdicts(context: Context, judged: bool) -> pl.DataFrame:
    """Return query_id, doc_id, positive of all reference pairs; judged: extrinsic ones."""
    labelled = labelled_pairs(context.work) if judged else None
    parts = [
        intrinsic(rows) if labelled is None else extrinsic(rows, labelled)
        for rows in map(_found, context.work.parts(VERDICTS, COLUMNS))
    ]
    return pl.concat(parts)


def _found(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows without what a language model wrote: there is no stored vector of it."""
    return rows.filter(pl.col("label") != GENERATED)
