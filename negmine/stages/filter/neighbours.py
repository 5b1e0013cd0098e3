"""Nearest pairs by the stored vectors, for positives and candidates that may be labelled wrongly."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.data.hashing import name_hashes
from negmine.data.pair_neighbours import BLOCK, References, margins, pair_vectors
from negmine.engine.context import Context
from negmine.retrievers.base import VectorRetriever
from negmine.stages.filter.risk.hiding import SEED

MOST = 16_384  # reference pairs: of more, those of queries drawn by their ids
AT_ONCE = 16 * BLOCK  # pairs whose vectors are in memory together
PAIR = ["query_id", "doc_id"]


def limited(rows: pl.DataFrame, most: int = MOST) -> pl.DataFrame:
    """Return the rows of as many queries, drawn by their ids, as have at most this many rows together."""
    queries = rows.group_by("query_id", maintain_order=True).len()
    drawn = queries.with_columns(draw=name_hashes(queries["query_id"], SEED)).sort("draw")
    chosen = drawn.filter(pl.col("len").cum_sum() <= most).select("query_id")
    return rows.join(chosen, on="query_id", how="semi", maintain_order="left")


class Neighbours:
    """Tells whether pairs lie among positive or negative pairs.

    pairs: query_id, doc_id, positive of the pairs whose label is known. count: how many nearest pairs of a kind
    are taken.
    """

    def __init__(
        self, context: Context, vectors: VectorRetriever, pairs: pl.DataFrame, count: int
    ) -> None:
        self._context, self._vectors, self._count = context, vectors, count
        self.references = limited(pairs.sort(PAIR))
        self._known = References(
            self._of(self.references),
            self._rows(self.references),
            self.references["positive"].to_numpy(),
        )

    def margins(self, pairs: pl.DataFrame) -> pl.Series:
        """Return `neighbours` of every query_id and doc_id: pair_neighbours.margins, null where it is NaN."""
        values = [
            pl.Series(
                "neighbours", margins(self._of(rows), self._rows(rows), self._known, self._count)
            )
            for rows in pairs.iter_slices(AT_ONCE)
        ]
        empty = pl.Series("neighbours", [], pl.Float32)
        return pl.concat([empty, *values]).fill_nan(None)

    def note_if_silent(self, flag: str, what: str) -> None:
        """Tell the user where there are too few pairs to go by; flag: with its value. what: the reference."""
        positive = int(self.references["positive"].sum())
        negative = self.references.height - positive
        if min(positive, negative) < self._count:
            self._context.progress.note(
                f"{flag} {self._count} suspects nothing: it needs {self._count} positive and {self._count} "
                f"negative pairs to go by, and there are {positive} and {negative} ({what})."
            )

    def _rows(self, pairs: pl.DataFrame) -> NDArray[np.int64]:
        return self._vectors.query_rows(pairs["query_id"])

    def _of(self, pairs: pl.DataFrame) -> NDArray[np.float64]:
        documents = self._vectors.rows(self._context.corpus.positions(pairs["doc_id"]))
        return pair_vectors(
            self._vectors.queries[self._rows(pairs)], self._vectors.vectors[documents]
        )
