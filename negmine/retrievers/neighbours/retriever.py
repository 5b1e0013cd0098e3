"""Search for what is near the positives of a query by metadata.

Source: Sample4Geo (Deuser, Habel and Oswald 2023), whose first negatives are geographic neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.frames import frame
from negmine.retrievers.base import Hits
from negmine.retrievers.neighbours.near import Near
from negmine.retrievers.neighbours.values import Points, scores
from negmine.retrievers.ranking import from_rows


class Neighbours:
    """Documents near a query's positives. Implements `Retriever`.

    A document's score is that of the nearest positive of the query, itself left out: a positive is found by
    the other positives alone. positives: query_id to query_id, doc (its position) of their positives.
    """

    name = "neighbours"

    def __init__(
        self,
        points: Points,
        doc_order: NDArray[np.int64],
        positives: Callable[[pl.Series], pl.DataFrame],
    ) -> None:
        self._points, self._doc_order, self._positives = points, doc_order, positives
        with_value = np.flatnonzero(points.place >= 0)
        order = np.lexsort((doc_order[with_value], points.place[with_value]))
        self._docs = with_value[order]  # by value, then by doc_id
        self._starts = np.searchsorted(
            points.place[self._docs], np.arange(len(points.values) + 1)
        ).astype(np.int64)
        self._near = Near(points, np.diff(self._starts))

    def search(self, queries: pa.Table, k: int) -> Hits:
        """Return the k documents that are nearest to a positive of the query, by (-score, doc_id)."""
        anchors = self._anchors(queries)
        pairs = anchors.join(self._lists(anchors["value"].unique().sort(), k + 1), on="value")
        rows = (
            pairs.filter(pl.col("doc") != pl.col("positive"))
            .group_by("row", "doc", "place")
            .agg(pl.col("score").max())
            .sort("row", -pl.col("score"), "place")
        )
        return from_rows(rows, queries.num_rows, k)

    def score_pairs(
        self, queries: pa.Table, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score pairs as `search` does; NaN where the document, or each other positive, has no value."""
        wanted = pl.DataFrame(
            {"pair": np.arange(len(rows)), "row": rows, "doc": docs, "at": self._points.place[docs]}
        )
        pairs = wanted.filter(pl.col("at") >= 0).join(self._anchors(queries), on="row")
        pairs = pairs.filter(pl.col("doc") != pl.col("positive"))
        each = self._points.values
        values = scores(
            self._points.kind, each[pairs["value"].to_numpy()], each[pairs["at"].to_numpy()]
        )
        best = (
            pairs.with_columns(score=pl.Series(values)).group_by("pair").agg(pl.col("score").max())
        )
        result = np.full(len(rows), np.nan, np.float32)
        result[best["pair"].to_numpy()] = best["score"].to_numpy()
        return result

    def _anchors(self, queries: pa.Table) -> pl.DataFrame:
        """Return row, positive, value of the positives of these queries that have a value."""
        ids = frame(queries.select(["query_id"])).with_columns(row=pl.int_range(pl.len()))
        anchors = ids.join(self._positives(ids["query_id"]), on="query_id")
        values = pl.Series("value", self._points.place[anchors["doc"].to_numpy()])
        anchors = anchors.select("row", pl.col("doc").alias("positive"), values)
        return anchors.filter(pl.col("value") >= 0)

    def _lists(self, values: pl.Series, most: int) -> pl.DataFrame:
        """Return value, doc, place (of its doc_id), score: the first `most` documents of each value."""
        none = pl.DataFrame(
            schema={
                "value": pl.Int64, "doc": pl.Int64, "place": pl.Int64, "score": pl.Float32
            }
        )  # fmt: skip
        return pl.concat([none, *self._each_list(values.to_numpy(), most)])

    def _each_list(self, values: NDArray[np.int64], most: int) -> Iterator[pl.DataFrame]:
        each = self._points.values
        for value, near in zip(values, self._near.of(values, most), strict=True):
            docs = np.concatenate([self._first(int(other), most) for other in near])
            others = each[self._points.place[docs]]
            score = scores(self._points.kind, np.broadcast_to(each[value], others.shape), others)
            best = np.lexsort((self._doc_order[docs], -score))[:most]
            yield pl.DataFrame(
                {
                    "value": np.full(len(best), value),
                    "doc": docs[best],
                    "place": self._doc_order[docs[best]],
                    "score": score[best],
                }
            )

    def _first(self, value: int, most: int) -> NDArray[np.int64]:
        start = self._starts[value]
        return self._docs[start : min(self._starts[value + 1], start + most)]
