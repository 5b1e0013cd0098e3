"""What a guide would mask in random training batches (GISTEmbed, Solatorio 2024)."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.analysis.lint.findings import Findings
from negmine.data.hashing import GOLDEN, splitmix64
from negmine.models.products import pair_scores
from negmine.scorers.guide import Guide

MOST_BATCHES = 100
SEED = 13
RULE = "batch_conflict"

Masks = dict[str, NDArray[np.bool_]]
# What is compared in a batch; the names of the masks stand for query, positive and negative.
KINDS = {
    "qp": "query_positive", "qn": "query_negative", "qq": "query_query", "pp": "positive_positive",
}  # fmt: skip


class Sample:
    """A random sample of the rows that have a positive and negatives, in random order.

    Which rows it has depends on their numbers alone, not on the batches they come in.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._rows: pl.DataFrame | None = None

    def take(self, batch: pl.DataFrame) -> None:
        """Take in a batch of rows (see read/batches.py)."""
        texts = pl.concat_list("query", pl.col("positives").list.first(), "negatives")
        has_text = pl.element().is_not_null() & (pl.element().str.strip_chars() != "")
        usable = batch.filter(
            ~pl.col("is_pair"),
            pl.col("negatives").list.len() > 0,
            texts.list.eval(has_text.fill_null(False)).list.all(),
        )
        state = usable["row"].to_numpy().astype(np.uint64) * GOLDEN + np.uint64(SEED)
        drawn = usable.select(
            "row", "query", pl.col("positives").list.first().alias("positive"), "negatives"
        ).with_columns(pl.Series("draw", splitmix64(state)))
        rows = drawn if self._rows is None else pl.concat([self._rows, drawn])
        self._rows = rows.sort("draw").head(self._size)

    def batches(self, size: int) -> list[pl.DataFrame]:
        """Return whole batches of `size` rows; fewer rows than that are one batch."""
        if self._rows is None or self._rows.height < 2:
            return []
        size = min(size, self._rows.height)
        starts = range(0, self._rows.height - size + 1, size)
        return [self._rows.slice(start, size) for start in starts]


def find_conflicts(sample: Sample, guide: Guide, size: int, findings: Findings) -> int:
    """Count what the guide would mask in random batches; return the number of pairs compared."""
    counts, compared, rows = dict.fromkeys(KINDS, 0), 0, 0
    batches = sample.batches(size)
    for batch in batches:
        by_kind, pairs = _of_batch(batch, guide)
        for name, mask in by_kind.items():
            counts[name] += int(mask.sum())
        compared, rows = compared + pairs, rows + batch.height
        has_conflict = np.any([mask.any(axis=1) for mask in by_kind.values()], axis=0)
        conflicts = sum(int(mask.sum()) for mask in by_kind.values())
        findings.add(RULE, batch.filter(pl.Series(has_conflict)).select("row"), count=conflicts)
    findings.statistics[RULE] = {
        "batches": len(batches),
        "batch_size": batches[0].height if batches else 0,
        **{KINDS[name]: count for name, count in counts.items()},
        "masked_per_row": round(sum(counts.values()) / max(rows, 1), 3),
    }
    return compared


def masks(
    qp: NDArray[np.floating],
    qn: NDArray[np.floating],
    qq: NDArray[np.floating],
    pp: NDArray[np.floating],
) -> Masks:
    """Return what GISTEmbed masks in a batch: pairs strictly above the row's own cos(query, positive).

    qp, qq, pp: [rows, rows], qn: [rows, negatives], cosines by the guide. The diagonals of qp, qq and pp
    compare a row with itself and are not counted.
    """
    own = np.diag(qp)[:, None]
    cosines = {"qp": qp, "qn": qn, "qq": qq, "pp": pp}
    above = {name: values > own for name, values in cosines.items()}
    for name in ("qp", "qq", "pp"):
        np.fill_diagonal(above[name], False)
    return above


def _of_batch(batch: pl.DataFrame, guide: Guide) -> tuple[Masks, int]:
    """Return the masks of a batch, a row's own negatives left out, and how many pairs that leaves."""
    rows = batch.height
    owners = np.repeat(np.arange(rows), batch["negatives"].list.len().to_numpy())
    queries = guide.vectors(batch["query"].to_list(), "query")
    positives = guide.vectors(batch["positive"].to_list(), "document")
    negatives = guide.vectors(batch["negatives"].explode().to_list(), "document")
    above = masks(
        _cosines(queries, positives),
        _cosines(queries, negatives),
        _cosines(queries, queries),
        _cosines(positives, positives),
    )
    above["qn"][owners, np.arange(len(owners))] = False
    return above, rows * (3 * (rows - 1) + len(owners)) - len(owners)


def _cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return all cosines, each rounded as `pair_scores` rounds it, so that equal texts tie."""
    rows, docs = (axis.ravel() for axis in np.indices((len(left), len(right))))
    return pair_scores(left, right, rows, docs).reshape(len(left), len(right))
