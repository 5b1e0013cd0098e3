"""What is counted of a trial: hidden positives leaked, caught, negatives got, how hard they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from negmine.data.schemas import JUDGED_NEGATIVE, POSITIVE, UNLABELED
from negmine.stages.filter.leak.intervals import Sums, ratio, share
from negmine.stages.write.depth import DEEP, best_rank
from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.selection import selected, wanted

PER_QUERY = ("leaked", "got", "asked", "score", "anchor", "rank", "z")
BUCKETS = (5, 10, 20, 50, 100)  # upper ends of rank buckets; the last is open
_KEPT = "kept"


class Counts:
    """The counts of one set of rules, gathered part by part."""

    def __init__(
        self, selection: Selection, opinions: Sequence[str], score: str, seed: int
    ) -> None:
        self._selection, self._opinions, self._score = selection, opinions, score
        self._sums = Sums(seed, len(PER_QUERY))
        self._fates: list[pl.DataFrame] = []
        self._hard: list[pl.DataFrame] = []
        self._judged = np.zeros(2, np.int64)  # judged negatives; of these, kept

    def add_judged(self, verdicts: pl.DataFrame) -> None:
        """Count judged negatives: rows of `verdicts` under rules that do not know of them."""
        judged = verdicts.filter(pl.col("label") == JUDGED_NEGATIVE)
        self._judged += judged.height, int(judged["kept"].sum())

    def add(self, verdicts: pl.DataFrame) -> None:
        """Add a part: rows of `verdicts` with `hidden` and the signals `<opinion>_z`."""
        chosen = selected(verdicts, self._selection)
        has_ratio = (
            pl.col("positive_score") > 0
        )  # a ratio to an anchor of zero or less means nothing
        asked = wanted(verdicts, self._selection).rename({"wanted": "asked"})
        per_query = asked.join(
            chosen.group_by("query_id").agg(
                leaked=pl.col("hidden").sum(),
                got=pl.len(),
                score=pl.col(f"{self._score}_score").filter(has_ratio).sum(),
                anchor=pl.col("positive_score").filter(has_ratio).sum(),
                rank=pl.col("rank").sum(),
                z=pl.col(f"{self._score}_z").sum(),
            ),
            on="query_id",
            how="left",
            maintain_order="left",
        )
        numbers = per_query.select(PER_QUERY).fill_null(0).to_numpy().astype(np.float64)
        self._sums.add(per_query["query_id"], numbers)
        candidates = verdicts.filter(pl.col("label") != POSITIVE)
        self._fates.append(
            candidates.group_by(pl.col("reason").fill_null(_KEPT)).agg(
                hidden=pl.col("hidden").sum(),
                judged_negatives=(pl.col("label") == JUDGED_NEGATIVE).sum(),
                unlabeled=((pl.col("label") == UNLABELED) & ~pl.col("hidden")).sum(),
            )
        )
        self._hard.append(
            chosen.select(
                pl.len().alias("rows"),
                (pl.col("label") == JUDGED_NEGATIVE).sum().alias("judged"),
                *(pl.col(f"{name}_z").sum() for name in self._opinions),
            )
        )

    def summary(self) -> dict[str, Any]:
        """Return leak, yield, hardness with intervals, and what they are made of."""
        at = {name: np.array([place]) for place, name in enumerate(PER_QUERY)}
        total = dict(zip(PER_QUERY, self._sums.total, strict=True))
        measures: dict[str, Any] = {"leaked": int(total["leaked"]), "selected": int(total["got"])}
        for name, top, bottom, measured in (
            ("leak", "leaked", "got", share),
            ("yield", "got", "asked", ratio),
            ("hardness", "score", "anchor", ratio),
            ("hardness_z", "z", "got", ratio),
            ("mean_rank", "rank", "got", ratio),
        ):
            ends = [float(x[0]) for x in measured(self._sums, at[top], at[bottom])]
            measures |= dict(
                zip((name, f"{name}_low", f"{name}_high"), map(_rounded, ends), strict=True)
            )
        hard = pl.concat(self._hard).sum()
        rows = max(int(hard["rows"][0]), 1)
        measures["judged_negatives_selected"] = int(hard["judged"][0])
        judged, kept = map(int, self._judged)
        measures["judged_negatives"] = judged
        measures["specificity"] = _rounded(kept / judged) if judged else None
        measures["hardness_z_by"] = {n: _rounded(hard[f"{n}_z"][0] / rows) for n in self._opinions}
        return measures

    def fates(self) -> dict[str, Any]:
        """Return what became of hidden positives, judged negatives and unlabeled candidates, by reason."""
        rows = pl.concat(self._fates).group_by("reason").sum().sort("hidden", descending=True)
        removed = rows.filter(pl.col("reason") != _KEPT)
        caught = removed.filter(pl.col("hidden") > 0).select("reason", "hidden")
        return {
            "hidden_found": int(rows["hidden"].sum()),
            "caught": dict(caught.iter_rows()),
            "cost": {
                "unlabeled": int(rows["unlabeled"].sum()),
                "unlabeled_removed": int(removed["unlabeled"].sum()),
                "judged_negatives": int(rows["judged_negatives"].sum()),
                "judged_negatives_removed": int(removed["judged_negatives"].sum()),
            },
        }


def by_rank(
    verdicts: pl.DataFrame, retrievers: Sequence[str], selection: Selection
) -> pl.DataFrame:
    """Return per retriever and rank bucket: candidates, hidden among them, selected, leaked."""
    chosen = selected(verdicts, selection)
    ids = chosen.select("query_id", "doc_id").with_columns(taken=True)
    rows = verdicts.filter(pl.col("label") != POSITIVE).join(
        ids, on=["query_id", "doc_id"], how="left"
    )
    taken = pl.col("taken").fill_null(False)
    tables = []
    for name in retrievers:
        rank = pl.col(f"{name}_rank")
        bucket = pl.sum_horizontal([(rank > end).cast(pl.Int32) for end in BUCKETS])
        tables.append(
            rows.filter(rank.is_not_null())
            .group_by(retriever=pl.lit(name), bucket=bucket)
            .agg(
                candidates=pl.len(),
                hidden=pl.col("hidden").sum(),
                selected=taken.sum(),
                leaked=(taken & pl.col("hidden")).sum(),
            )
        )
    return pl.concat(tables)


def depth(
    verdicts: pl.DataFrame, retrievers: Sequence[str], selection: Selection
) -> tuple[int, int]:
    """Return how many negatives are selected, without judged ones, and how many of them are deep.

    See write/depth.py.
    """
    chosen = selected(verdicts, selection).filter(pl.col("label") == UNLABELED)
    deep = (best_rank(retrievers) > DEEP).sum()
    return chosen.height, int(chosen.select(deep).item())


def bucket_name(bucket: int) -> str:
    """Return a bucket's ranks, as 6-10 or over 100."""
    if bucket == len(BUCKETS):
        return f"over {BUCKETS[-1]}"
    return f"{BUCKETS[bucket - 1] + 1 if bucket else 1}-{BUCKETS[bucket]}"


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(f"{value:.6g}")
