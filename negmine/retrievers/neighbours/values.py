"""From columns of the corpus to points: which documents have the same value, and how far values are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.config.settings import IndexSettings
from negmine.data.sources.problems import SHOWN, Problems
from negmine.data.sources.records import quoted

Kind = Literal["same", "number", "date", "place"]
LARGEST = 1e38  # the difference of two values fits into float32
EARTH_KM = 6371.0088  # mean radius R1, Moritz 2000, Geodetic Reference System 1980
_DAY = 86_400e6  # microseconds
_DATES = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f%z",
    "%Y-%m-%dT%H:%M:%S%.f%z",
)
_WANTED = {
    "number": "a number",
    "date": "a date, as 2024-05-31 or 2024-05-31T12:00:00",
    "latitude": "a latitude in degrees, from -90 to 90",
    "longitude": "a longitude in degrees, from -180 to 180",
}


@dataclass(frozen=True)
class Points:
    """The values of documents, each once.

    place: int64 [documents], which value a document has; -1 for none. values: float64 [values, 1 or 2],
    ascending: numbers; dates in days; latitude and longitude in radians; of texts, their numbers.
    """

    kind: Kind
    place: NDArray[np.int64]
    values: NDArray[np.float64]


def scores(
    kind: Kind, left: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the score of pairs of values, float32 [pairs]; left, right: float64 [pairs, 1 or 2].

    same: 1 for the same value, else 0. number: the negative absolute difference. date: that in days. place: the
    negative great-circle distance in kilometres, by the haversine formula (Sinnott 1984).
    """
    if kind == "same":
        return np.asarray(left[:, 0] == right[:, 0], np.float32)
    if kind == "place":
        half = np.sin((right - left) / 2) ** 2
        share = half[:, 0] + np.cos(left[:, 0]) * np.cos(right[:, 0]) * half[:, 1]
        apart = 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(share, 1)))
    else:
        apart = np.abs(left[:, 0] - right[:, 0])
    return np.asarray(0.0 - apart, np.float32)  # 0.0 - 0.0 is no -0.0


def columns_of(settings: IndexSettings) -> list[str]:
    """Return the columns of the corpus that say what is near: one, or latitude and longitude."""
    if settings.neighbour_column is not None:
        return [settings.neighbour_column]
    return [str(settings.neighbour_latitude), str(settings.neighbour_longitude)]


def points(rows: pl.DataFrame, settings: IndexSettings, problems: Problems) -> Points:
    """Return the points of documents. Values that cannot be read become problems, and count as none.

    rows: doc_id and the columns of `columns_of`, as text, one row for each document.
    """
    names = columns_of(settings)
    texts = [rows[name].str.strip_chars().replace("", None).alias(name) for name in names]
    if len(names) == 2:
        whats, limits = ("latitude", "longitude"), (90.0, 180.0)
        degrees = [
            _read(rows["doc_id"], text, _numbers(text, limit), what, problems)
            for text, what, limit in zip(texts, whats, limits, strict=True)
        ]
        return _unique("place", np.radians(np.stack([one.to_numpy() for one in degrees], axis=1)))
    kind, values = _of_kind(texts[0], settings.neighbour_match)
    if kind != "same":
        values = _read(rows["doc_id"], texts[0], values, kind, problems)
    return _unique(kind, values.cast(pl.Float64).to_numpy()[:, None])


def _of_kind(text: pl.Series, match: str) -> tuple[Kind, pl.Series]:
    """Return what the values of a column are, and the values; null where one cannot be read so.

    match: `auto` takes numbers or dates for what at least half of the values are.
    """
    if match != "same":
        numbers = _numbers(text, LARGEST)
        if 2 * numbers.count() >= max(text.count(), 1):
            return "number", numbers
        dates = _dates(text)
        if 2 * dates.count() >= text.count():
            return "date", dates
        if match == "nearest":
            is_date = dates.count() > numbers.count()
            return ("date", dates) if is_date else ("number", numbers)
    ranks = text.rank("dense")
    return "same", ranks


def _numbers(text: pl.Series, limit: float) -> pl.Series:
    numbers = text.cast(pl.Float64, strict=False)
    is_good = numbers.is_finite() & (numbers.abs() <= limit)
    return numbers.set(~is_good.fill_null(False), None)


def _dates(text: pl.Series) -> pl.Series:
    """Return days since 1970, float64; null for what is no date."""
    ways = [
        pl.col("text")
        .str.replace("Z$", "+00:00")
        .str.to_datetime(way, strict=False, time_unit="us")
        for way in _DATES
    ]
    microseconds = pl.coalesce(one.dt.epoch("us") for one in ways)
    return text.to_frame("text").select(microseconds / _DAY).to_series()


def _read(
    doc_ids: pl.Series, text: pl.Series, values: pl.Series, what: str, problems: Problems
) -> pl.Series:
    """Return the values; what has a text and no value becomes a problem: the first few, the rest by number."""
    lost = (text.is_not_null() & values.is_null()).arg_true()
    remedy = "Repair it, or leave it empty."
    if what in ("number", "date"):
        remedy += " To look for the same text: --neighbour-match same."
    for number, place in enumerate(lost.head(SHOWN).to_list(), 1):
        problems.add(
            f"{text.name}: not {_WANTED[what].partition(',')[0]}",
            file="corpus",
            row=None,
            message=f"document {quoted(doc_ids[place])}: {text.name} {quoted(text[place])} is not "
            f"{_WANTED[what]}",
            remedy=remedy,
            count=max(1, len(lost) - SHOWN + 1) if number == SHOWN else 1,
        )
    return values


def _unique(kind: Kind, values: NDArray[np.float64]) -> Points:
    has_value = np.isfinite(values).all(axis=1)
    place = np.full(len(values), -1, np.int64)
    each, inverse = np.unique(values[has_value] + 0.0, axis=0, return_inverse=True)  # no -0.0
    place[has_value] = inverse.reshape(-1)
    return Points(kind, place, np.ascontiguousarray(each))


def counts(made: Points) -> dict[str, Any]:
    """Return numbers for the manifest."""
    return {
        "documents": len(made.place),
        "documents_without_value": int((made.place < 0).sum()),
        "values": len(made.values),
        "kind": made.kind,
    }
