"""The pairs whose label nearest neighbours go by: known positives, and negatives of the same queries."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.data.hashing import name_hashes
from negmine.data.pair_neighbours import References, margins, pair_vectors
from negmine.data.schemas import JUDGED_NEGATIVE, POSITIVE, UNLABELED
from negmine.engine.context import Context
from negmine.retrievers.registry import open_vectors
from negmine.scorers.judge.base import NOT_RELEVANT, RELEVANT
from negmine.stages.filter.risk.hiding import SEED
from negmine.storage.labels import labelled_pairs
from negmine.storage.layout import VERDICTS

MOST = 16_384  # reference pairs: of more, those of queries drawn by their ids
PAIR = ["query_id", "doc_id"]
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


def limited(rows: pl.DataFrame, most: int = MOST) -> pl.DataFrame:
    """Return the rows of as many queries, drawn by their ids, as have at most this many rows together."""
    queries = rows.group_by("query_id", maintain_order=True).len()
    drawn = queries.with_columns(draw=name_hashes(queries["query_id"], SEED)).sort("draw")
    chosen = drawn.filter(pl.col("len").cum_sum() <= most).select("query_id")
    return rows.join(chosen, on="query_id", how="semi", maintain_order="left")


class Neighbours:
    """Tells whether pairs lie among positive or negative pairs, by the stored vectors.

    count: how many nearest pairs of a kind are taken. judged: go by what somebody has looked at alone.
    """

    def __init__(self, context: Context, count: int, judged: bool = False) -> None:
        self._context, self._count = context, count
        self._vectors = open_vectors(context)
        labelled = labelled_pairs(context.work) if judged else None
        parts = [
            intrinsic(rows) if labelled is None else extrinsic(rows, labelled)
            for rows in context.work.parts(VERDICTS, COLUMNS)
        ]
        self.references = limited(pl.concat(parts).sort(PAIR))
        self._known = References(
            self._of(self.references),
            self._rows(self.references),
            self.references["positive"].to_numpy(),
        )

    def margins(self, pairs: pl.DataFrame) -> pl.Series:
        """Return `neighbours` of every query_id and doc_id: pair_neighbours.margins, null where it is NaN."""
        values = margins(self._of(pairs), self._rows(pairs), self._known, self._count)
        return pl.Series("neighbours", values, pl.Float32).fill_nan(None)

    def _rows(self, pairs: pl.DataFrame) -> NDArray[np.int64]:
        return self._vectors.query_rows(pairs["query_id"])

    def _of(self, pairs: pl.DataFrame) -> NDArray[np.float64]:
        documents = self._vectors.rows(self._context.corpus.positions(pairs["doc_id"]))
        return pair_vectors(
            self._vectors.queries[self._rows(pairs)], self._vectors.vectors[documents]
        )
