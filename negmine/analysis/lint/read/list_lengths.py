"""Rows whose lists do not fit each other: as many labels and scores are wanted as there are texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from negmine.analysis.lint.read.shapes import ROW_NUMBER, TEXTS, Shape
from negmine.data.sources.problems import Problems


class _Pair(NamedTuple):
    """Texts and numbers that must be as many, by the names that a message has for them."""

    texts: str
    text_count: pl.Expr
    numbers: str
    number_count: pl.Expr


class LengthCheck:
    """Finds the rows of one file whose lists do not fit, raw frame by raw frame."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._are_margins: bool | None = None  # whether `scores` has none for the positive

    def fitting(self, raw: pl.DataFrame, shape: Shape, problems: Problems) -> pl.DataFrame:
        """Return the rows whose lists fit; the others become problems."""
        wrong = pl.lit(False)
        for pair in self._pairs(raw, shape):
            differs = (pair.text_count != pair.number_count).fill_null(False)
            for number in raw.filter(differs)[ROW_NUMBER].to_list():
                problems.add(
                    "lists of different lengths",
                    file=self._path,
                    row=number,
                    message=f"{pair.numbers!r} has not as many values as there are texts in {pair.texts!r}",
                    remedy="Write one number for each text.",
                )
            wrong = wrong | differs
        return raw.filter(~wrong)

    def _pairs(self, raw: pl.DataFrame, shape: Shape) -> Iterator[_Pair]:
        positives = _count(shape.positive, shape)
        negatives = sum((_count(name, shape) for name in shape.negatives), pl.lit(0))
        if shape.label is not None and shape.has_lists:
            yield _Pair(shape.positive, positives, shape.label, pl.col(shape.label).list.len())
        if shape.positive_scores is not None:
            scores = pl.col(shape.positive_scores).list.len()
            yield _Pair(shape.positive, positives, shape.positive_scores, scores)
        if shape.negative_scores is not None:
            scores = pl.col(shape.negative_scores).list.len()
            yield _Pair("negatives", negatives, shape.negative_scores, scores)
        if shape.scores is not None:
            scores = pl.col(shape.scores).list.len()
            if self._are_margins is None:  # what most of the first rows are, all must be
                rows = raw.select(
                    margins=(scores == negatives).sum(),
                    whole=(scores == negatives + positives).sum(),
                )
                self._are_margins = bool(rows["margins"][0] > rows["whole"][0])
            if self._are_margins:
                yield _Pair("negatives", negatives, shape.scores, scores)
            else:
                yield _Pair("positive and negatives", negatives + positives, shape.scores, scores)


def _count(name: str, shape: Shape) -> pl.Expr:
    """Return how many texts a column has in a row; null for a list that is missing."""
    return pl.col(name).list.len() if shape.kinds[name] == TEXTS else pl.lit(1)
