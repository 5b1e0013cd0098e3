"""From raw frames to batches that look the same whatever the file was.

A batch has a row per row of the file: `row` (int64: file number * 2^40 + line), `query`, `positives` and
`negatives` (lists of texts), `positive_scores`, `negative_scores` (lists, null where there are none),
`query_id`, `positive_ids`, `negative_ids` (null where there are none), and `loose`: true for a labeled pair,
whose row has one document, so that its positives or negatives stand in other rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from negmine.analysis.lint.findings import ROWS
from negmine.analysis.lint.read.files import raw_frames
from negmine.analysis.lint.read.shapes import NUMBER_COLUMN, TEXTS, Columns, Shape, few
from negmine.data.sources.problems import Problems

_NO_SCORES = pl.lit(None, pl.List(pl.Float64))
_NO_IDS = pl.lit(None, pl.List(pl.String))


@dataclass
class File:
    """A file that is read: what it is, and how many rows it has."""

    path: Path
    number: int
    shape: Shape | None = None
    rows: int = 0
    guesses: list[str] = field(default_factory=list)
    provenance: Path | None = None
    margins: bool | None = (
        None  # whether lists of scores have none for the positive; None: not yet known
    )


def batches(
    file: File, said: Columns, threshold: float | None, problems: Problems
) -> Iterator[pl.DataFrame]:
    """Yield the batches of a file; `file` learns its shape and its rows."""
    labels = _Labels(file, threshold)
    for shape, raw in raw_frames(file.path, said, problems):
        if file.shape is None and shape.misplaced():
            file.guesses.append(_order(file, shape))
        file.shape = shape
        file.rows += raw.height
        row = (pl.col(NUMBER_COLUMN) + file.number * ROWS).alias("row")
        make = labels.batch if shape.label is not None else _rowed
        good = _fitting(raw, shape, file, problems)
        yield make(good, shape).with_columns(row).drop(NUMBER_COLUMN)


def _order(file: File, shape: Shape) -> str:
    wanted = [shape.query, shape.positive, *shape.negatives]
    return (
        f"{file.path.name}: the columns stand in the order {few(shape.order)}. sentence-transformers goes by "
        f"the order, not by names: write them as {few(wanted)}."
    )


def _rowed(raw: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """Return the batch of a file with positive and negatives in one row."""
    negatives = pl.concat_list([_as_list(name, shape) for name in shape.negatives])
    if len(shape.negatives) == 1:
        negatives = _as_list(shape.negatives[0], shape)
    batch = raw.select(
        NUMBER_COLUMN,
        pl.col(shape.query).alias("query"),
        _as_list(shape.positive, shape).alias("positives"),
        negatives.alias("negatives"),
        *_scores(shape),
        *_ids(shape, raw),
        loose=pl.lit(False),
    )
    if shape.scores is None:
        return batch
    # One list for all: the positive's score first, or (as long as the negatives) margins.
    first = pl.col("scores").list.len() - pl.col("negatives").list.len().fill_null(0)
    return batch.with_columns(
        positive_scores=pl.when(first > 0).then(pl.col("scores").list.head(first)),
        negative_scores=pl.col("scores").list.slice(first, None),
    ).drop("scores")


def _as_list(name: str, shape: Shape) -> pl.Expr:
    if shape.kinds[name] == TEXTS:
        return pl.col(name)
    return pl.col(name).reshape((-1, 1)).cast(pl.List(pl.String))


def _scores(shape: Shape) -> list[pl.Expr]:
    if shape.scores is not None:
        return [_measured(shape.scores).alias("scores")]
    if shape.margin is not None:  # one number a row: the first negative's
        one = pl.col(shape.margin).fill_null(float("nan"))
        others = pl.lit(None, pl.Float64).repeat_by(len(shape.negatives) - 1)
        return [
            _NO_SCORES.alias("positive_scores"),
            pl.concat_list(one, others).alias("negative_scores"),
        ]
    names = {"positive_scores": shape.positive_scores, "negative_scores": shape.negative_scores}
    return [
        (_NO_SCORES if column is None else _measured(column)).alias(name)
        for name, column in names.items()
    ]


def _measured(name: str) -> pl.Expr:
    """Return a list of scores in which a missing one is not a number; a missing list stays missing."""
    return pl.col(name).list.eval(pl.element().fill_null(float("nan")))


def _ids(shape: Shape, raw: pl.DataFrame) -> list[pl.Expr]:
    query = pl.lit(None, pl.String) if shape.query_id is None else pl.col(shape.query_id)
    found = [query.cast(pl.String).alias("query_id")]
    for name, column in (
        ("positive_ids", shape.positive_ids),
        ("negative_ids", shape.negative_ids),
    ):
        ids = _NO_IDS if column is None else pl.col(column)
        if column is not None and raw.schema[column] == pl.String:
            ids = ids.reshape((-1, 1)).cast(pl.List(pl.String))
        found.append(ids.alias(name))
    return found


def _fitting(raw: pl.DataFrame, shape: Shape, file: File, problems: Problems) -> pl.DataFrame:
    """Return the rows whose lists fit each other; the others become problems."""
    pairs: list[tuple[str, pl.Expr, str, pl.Expr]] = []
    length = (
        pl.col(shape.positive).list.len() if shape.kinds[shape.positive] == TEXTS else pl.lit(1)
    )
    if shape.label is not None and shape.kinds[shape.positive] == TEXTS:
        pairs.append((shape.positive, length, shape.label, pl.col(shape.label).list.len()))
    if shape.positive_scores is not None:
        name = shape.positive_scores
        pairs.append((shape.positive, length, name, pl.col(name).list.len()))
    negatives = pl.lit(0)
    for name in shape.negatives:
        is_list = shape.kinds[name] == TEXTS
        negatives = negatives + (pl.col(name).list.len() if is_list else pl.lit(1))
    if shape.negative_scores is not None:
        name = shape.negative_scores
        pairs.append(("negatives", negatives, name, pl.col(name).list.len()))
    if shape.scores is not None:
        count = pl.col(shape.scores).list.len()
        if file.margins is None:  # what most of the first rows are, all must be
            most = raw.select(a=(count == negatives).sum(), b=(count == negatives + length).sum())
            file.margins = bool(most["a"][0] > most["b"][0])
        name = "negatives" if file.margins else "positive and negatives"
        pairs.append((name, negatives if file.margins else negatives + length, shape.scores, count))
    bad = pl.lit(False)
    for left, one, right, other in pairs:
        bad = bad | _told(raw, (one != other).fill_null(False), file.path, problems, left, right)
    return raw.filter(~bad)


def _told(
    raw: pl.DataFrame, wrong: pl.Expr, path: Path, problems: Problems, left: str, right: str
) -> pl.Expr:
    """Add a problem for every row that is wrong, and return the expression."""
    for number in raw.filter(wrong)[NUMBER_COLUMN].to_list():
        problems.add(
            "lists of different lengths",
            file=path,
            row=number,
            message=f"{right!r} has not as many values as there are texts in {left!r}",
            remedy="Write one number for each text.",
        )
    return wrong


class _Labels:
    """Tells positives from negatives in labeled pairs and lists.

    A label above 0 (or from `threshold` on) is a positive. Where there are only scores, as
    `mine_hard_negatives(output_scores=True)` writes them, the first document of a query is its positive.
    """

    def __init__(self, file: File, threshold: float | None) -> None:
        self._file, self._threshold = file, threshold
        self._by_place: bool | None = None
        self._last: tuple[bool, str | None] = (False, None)  # whether there was a query, and which

    def batch(self, raw: pl.DataFrame, shape: Shape) -> pl.DataFrame:
        """Return the batch of a file with labels."""
        assert shape.label is not None
        if self._by_place is None:
            self._decide(raw[shape.label], shape)
        make = self._lists if shape.kinds[shape.positive] == TEXTS else self._pairs
        return make(raw, shape)

    def _decide(self, labels: pl.Series, shape: Shape) -> None:
        flat = labels.explode() if isinstance(labels.dtype, pl.List) else labels
        two = bool(flat.drop_nulls().drop_nans().is_in([0.0, 1.0]).all())
        named = (shape.label or "").lower().startswith("label")
        self._by_place = self._threshold is None and not named and not two
        if self._by_place:
            self._file.guesses.append(
                f"{self._file.path.name}: {shape.label!r} holds scores, not labels: the first document of a "
                "query counts as its positive. --label-threshold says from which score on it is one."
            )

    def _positive(self, values: pl.Expr) -> pl.Expr:
        found = values > 0 if self._threshold is None else values >= self._threshold
        return (found & ~values.is_nan()).fill_null(False)

    def _pairs(self, raw: pl.DataFrame, shape: Shape) -> pl.DataFrame:
        label = pl.col(shape.label or "")
        positive = self._positive(label)
        if self._by_place:
            known, last = self._last
            before = pl.col(shape.query).shift(1, fill_value=last)
            positive = before.ne_missing(pl.col(shape.query))
            if not known:
                positive = positive | (pl.int_range(pl.len()) == 0)
            if raw.height:
                self._last = (True, raw[shape.query][-1])
        batch = raw.select(
            NUMBER_COLUMN,
            pl.col(shape.query).alias("query"),
            _as_list(shape.positive, shape).alias("_document"),
            label.fill_null(float("nan"))
            .reshape((-1, 1))
            .cast(pl.List(pl.Float64))
            .alias("_score"),
            *_ids(shape, raw),
            positive.alias("_positive"),
            loose=pl.lit(True),
        )
        here = pl.col("_positive")
        score = pl.col("_score").list.eval(self._score(pl.element(), shape))
        return batch.with_columns(
            positives=pl.when(here).then("_document"),
            negatives=pl.when(~here).then("_document"),
            positive_scores=pl.when(here).then(score),
            negative_scores=pl.when(~here).then(score),
        ).drop("_document", "_score", "_positive")

    def _score(self, label: pl.Expr, shape: Shape) -> pl.Expr:
        """Return what of a label is a score: all of it, or only what is no number, to be found."""
        if self._by_place or (shape.label or "").lower().startswith("score"):
            return label
        return pl.when(~label.is_finite()).then(label)

    def _lists(self, raw: pl.DataFrame, shape: Shape) -> pl.DataFrame:
        long = raw.select(
            NUMBER_COLUMN, text=pl.col(shape.positive), score=pl.col(shape.label or "")
        ).filter(pl.col("text").list.len() > 0)
        long = long.explode("text", "score").with_columns(pl.col("score").fill_null(float("nan")))
        first = pl.int_range(pl.len()).over(NUMBER_COLUMN) == 0
        positive = first if self._by_place else self._positive(pl.col("score"))
        score = self._score(pl.col("score"), shape)
        long = long.with_columns(positive.alias("_positive"), score.alias("score"))
        found = raw.select(
            NUMBER_COLUMN,
            pl.col(shape.query).alias("query"),
            *_ids(shape, raw),
            loose=pl.lit(False),
        )
        for name, which in (("positive", pl.col("_positive")), ("negative", ~pl.col("_positive"))):
            side = (
                long.filter(which)
                .group_by(NUMBER_COLUMN, maintain_order=True)
                .agg(pl.col("text").alias(f"{name}s"), pl.col("score").alias(f"{name}_scores"))
            )
            found = found.join(side, on=NUMBER_COLUMN, how="left", maintain_order="left")
        return found
