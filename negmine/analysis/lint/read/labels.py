"""Batches of files with labels: labeled pairs and labeled lists."""

from __future__ import annotations

import polars as pl

from negmine.analysis.lint.read.rows import NAN, id_columns, text_list
from negmine.analysis.lint.read.shapes import ROW_NUMBER, Shape


class LabelReader:
    """Separates positives from negatives, batch by batch of one file.

    A document is a positive where its label is above 0, or `threshold` or more. Where there are only scores, as
    `mine_hard_negatives(output_scores=True)` writes them, the first document of a query is its positive.
    """

    def __init__(self, file_name: str, threshold: float | None) -> None:
        self.notes: list[str] = []
        self._file_name, self._threshold = file_name, threshold
        self._first_is_positive: bool | None = None  # None before the first batch
        self._last_query: tuple[bool, str | None] = (
            False,
            None,
        )  # whether there was a row; its query

    def batch(self, raw: pl.DataFrame, shape: Shape) -> pl.DataFrame:
        """Return the batch (see batches.py) of a raw frame, with `row_number` still in it."""
        assert shape.label is not None
        if self._first_is_positive is None:
            self._first_is_positive = self._are_scores(raw[shape.label], shape.label)
        make = self._lists if shape.has_lists else self._pairs
        return make(raw, shape, shape.label)

    def _are_scores(self, labels: pl.Series, name: str) -> bool:
        """Return whether the numbers are scores, not labels; a note says so."""
        flat = labels.explode() if isinstance(labels.dtype, pl.List) else labels
        are_labels = bool(flat.drop_nulls().drop_nans().is_in([0.0, 1.0]).all())
        if self._threshold is not None or name.lower().startswith("label") or are_labels:
            return False
        self.notes.append(
            f"{self._file_name}: column {name!r} holds scores, not labels, so the first document of each query "
            "is taken for its positive. If queries have several positives, give the lowest score of a "
            "positive: --label-threshold NUMBER."
        )
        return True

    def _is_positive(self, labels: pl.Expr) -> pl.Expr:
        above = labels > 0 if self._threshold is None else labels >= self._threshold
        return (above & ~labels.is_nan()).fill_null(False)

    def _score(self, label: pl.Expr, name: str) -> pl.Expr:
        """Return the score in a label: all of it, or only what is no number, for `score_not_finite`."""
        if self._first_is_positive or name.lower().startswith("score"):
            return label
        return pl.when(~label.is_finite()).then(label)

    def _pairs(self, raw: pl.DataFrame, shape: Shape, name: str) -> pl.DataFrame:
        by_order, by_label = self._first_is_positive, self._is_positive(pl.col(name))
        label = pl.col(name).fill_null(NAN).reshape((-1, 1)).cast(pl.List(pl.Float64))
        batch = raw.select(
            ROW_NUMBER,
            pl.col(shape.query).alias("query"),
            text_list(shape.positive, shape).alias("_document"),
            label.list.eval(self._score(pl.element(), name)).alias("_score"),
            *id_columns(raw, shape),
            (self._is_first(raw, shape) if by_order else by_label).alias("_is_positive"),
            is_pair=pl.lit(True),
        )
        is_positive = pl.col("_is_positive")
        return batch.with_columns(
            positives=pl.when(is_positive).then("_document"),
            negatives=pl.when(~is_positive).then("_document"),
            positive_scores=pl.when(is_positive).then("_score"),
            negative_scores=pl.when(~is_positive).then("_score"),
        ).drop("_document", "_score", "_is_positive")

    def _is_first(self, raw: pl.DataFrame, shape: Shape) -> pl.Expr:
        """Return whether a row's query differs from that of the row before, in this batch or the last."""
        has_last, last = self._last_query
        before = pl.col(shape.query).shift(1, fill_value=last)
        is_first = before.ne_missing(pl.col(shape.query))
        if not has_last:
            is_first = is_first | (pl.int_range(pl.len()) == 0)
        if raw.height:
            self._last_query = (True, raw[shape.query][-1])
        return is_first

    def _lists(self, raw: pl.DataFrame, shape: Shape, name: str) -> pl.DataFrame:
        documents = raw.select(ROW_NUMBER, text=pl.col(shape.positive), label=pl.col(name))
        documents = documents.filter(pl.col("text").list.len() > 0).explode("text", "label")
        documents = documents.with_columns(pl.col("label").fill_null(NAN))
        is_first = pl.int_range(pl.len()).over(ROW_NUMBER) == 0
        documents = documents.with_columns(
            is_positive=is_first if self._first_is_positive else self._is_positive(pl.col("label")),
            score=self._score(pl.col("label"), name),
        )
        batch = raw.select(
            ROW_NUMBER,
            pl.col(shape.query).alias("query"),
            *id_columns(raw, shape),
            is_pair=pl.lit(False),
        )
        for side, rows in (
            ("positive", pl.col("is_positive")),
            ("negative", ~pl.col("is_positive")),
        ):
            lists = (
                documents.filter(rows)
                .group_by(ROW_NUMBER, maintain_order=True)
                .agg(pl.col("text").alias(f"{side}s"), pl.col("score").alias(f"{side}_scores"))
            )
            batch = batch.join(lists, on=ROW_NUMBER, how="left", maintain_order="left")
        return batch
