"""The shape of a file of training data: which column is the query, which are positives and negatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

# What the values of a column are.
TEXT, TEXTS, NUMBER, NUMBERS, UNKNOWN = "text", "texts", "number", "numbers", "unknown"
TYPES: dict[str, Any] = {
    TEXT: pl.String, TEXTS: pl.List(pl.String), NUMBER: pl.Float64, NUMBERS: pl.List(pl.Float64),
}  # fmt: skip
ROW_NUMBER = "row_number"  # of a raw frame: the line or row in the file, from 1


@dataclass(frozen=True)
class Shape:
    """Which columns of a file have which role.

    name: triplet, n-tuple, labeled-pair, labeled-list or FlagEmbedding. kinds: column to what its values are,
    for every column that is read, ids apart. ignored: columns that are not read. text_order: the columns of
    texts, as they stand in the file.
    """

    name: str
    query: str
    positive: str
    negatives: tuple[str, ...] = ()
    label: str | None = None
    scores: str | None = None
    margin: str | None = None
    positive_scores: str | None = None
    negative_scores: str | None = None
    query_id: str | None = None
    positive_ids: str | None = None
    negative_ids: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    text_order: tuple[str, ...] = ()

    @property
    def has_lists(self) -> bool:
        """Whether a row has a list of positives (of documents, in labeled lists)."""
        return self.kinds[self.positive] == TEXTS

    @property
    def is_misordered(self) -> bool:
        """Whether the columns stand in another order than query, positive (document), negatives."""
        count = 2 + len(self.negatives)
        negatives = set(self.text_order[2:count])
        return self.name != "FlagEmbedding" and (
            self.text_order[:2] != (self.query, self.positive) or negatives != set(self.negatives)
        )

    def ids(self) -> list[str]:
        """Return the columns of ids."""
        ids = (self.query_id, self.positive_ids, self.negative_ids)
        return [name for name in ids if name and name not in self.kinds]

    def columns(self) -> list[str]:
        """Return all columns that are read."""
        return [*self.kinds, *self.ids()]

    def roles(self) -> dict[str, str]:
        """Return role to column name, as the report shows it."""
        scores = (self.scores, self.margin, self.positive_scores, self.negative_scores)
        roles = {
            "query": self.query,
            "positive": self.positive,
            "negatives": shortened(self.negatives),
            "label": self.label,
            "scores": ", ".join(filter(None, scores)),
        }
        return {role: name for role, name in roles.items() if name}


RawFrame = tuple[Shape, pl.DataFrame]  # the columns of a file that are read, and `row_number`


def shortened(names: Sequence[str]) -> str:
    """Return names with commas between them; of six or more the middle ones are left out."""
    if len(names) < 6:
        return ", ".join(names)
    return f"{', '.join(names[:3])} ... {names[-1]} ({len(names)})"
