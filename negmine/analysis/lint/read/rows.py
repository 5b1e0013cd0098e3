"""Batches of files that have the positive and the negatives in one row: triplets, n-tuples, FlagEmbedding."""

from __future__ import annotations

import polars as pl

from negmine.analysis.lint.read.shapes import ROW_NUMBER, TEXTS, Shape

_NO_SCORES = pl.lit(None, pl.List(pl.Float64))
_NO_IDS = pl.lit(None, pl.List(pl.String))
NAN = float("nan")


def row_batch(raw: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """Return the batch (see batches.py) of a raw frame without labels, with `row_number` still in it."""
    negatives = [text_list(name, shape) for name in shape.negatives]
    batch = raw.select(
        ROW_NUMBER,
        pl.col(shape.query).alias("query"),
        text_list(shape.positive, shape).alias("positives"),
        (pl.concat_list(negatives) if len(negatives) > 1 else negatives[0]).alias("negatives"),
        *_scores(shape),
        *id_columns(raw, shape),
        is_pair=pl.lit(False),
    )
    if shape.scores is None:
        return batch
    # One list for all: the positive's score first, or margins: as many as there are negatives.
    positives = pl.col("scores").list.len() - pl.col("negatives").list.len().fill_null(0)
    return batch.with_columns(
        positive_scores=pl.when(positives > 0).then(pl.col("scores").list.head(positives)),
        negative_scores=pl.col("scores").list.slice(positives, None),
    ).drop("scores")


def text_list(name: str, shape: Shape) -> pl.Expr:
    """Return a column of texts or of lists of texts as lists."""
    if shape.kinds[name] == TEXTS:
        return pl.col(name)
    return pl.col(name).reshape((-1, 1)).cast(pl.List(pl.String))


def id_columns(raw: pl.DataFrame, shape: Shape) -> list[pl.Expr]:
    """Return query_id (text), positive_ids and negative_ids (lists), null where the file has none."""
    has_id = shape.query_id is not None and raw.schema[shape.query_id] == pl.String  # no list
    query = pl.col(str(shape.query_id)) if has_id else pl.lit(None, pl.String)
    columns = [query.cast(pl.String).alias("query_id")]
    sides = {"positive_ids": shape.positive_ids, "negative_ids": shape.negative_ids}
    for name, column in sides.items():
        ids = _NO_IDS if column is None else pl.col(column)
        if column is not None and raw.schema[column] == pl.String:
            ids = ids.reshape((-1, 1)).cast(pl.List(pl.String))
        columns.append(ids.alias(name))
    return columns


def _scores(shape: Shape) -> list[pl.Expr]:
    """Return `scores`, one list for all; else `positive_scores` and `negative_scores`."""
    if shape.scores is not None:
        return [_score_list(shape.scores).alias("scores")]
    if shape.margin is not None:  # one number a row: the first negative's
        first = pl.col(shape.margin).fill_null(NAN)
        others = pl.lit(None, pl.Float64).repeat_by(len(shape.negatives) - 1)
        return [
            _NO_SCORES.alias("positive_scores"),
            pl.concat_list(first, others).alias("negative_scores"),
        ]
    sides = {"positive_scores": shape.positive_scores, "negative_scores": shape.negative_scores}
    return [
        (_NO_SCORES if column is None else _score_list(column)).alias(name)
        for name, column in sides.items()
    ]


def _score_list(name: str) -> pl.Expr:
    """Return lists of scores in which a missing score is NaN; a missing list stays missing."""
    return pl.col(name).list.eval(pl.element().fill_null(NAN))
