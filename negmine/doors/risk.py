"""Doors of the risk: the model is learned on a trial, then every candidate is scored with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.doors.trial import Trial
from negmine.effective import opinions
from negmine.engine import Parts, Stream
from negmine.errors import InputError
from negmine.frames import frame, table
from negmine.house import CANDIDATES, FEATURES, RISK_MODEL, House
from negmine.identity import identity_of
from negmine.risk import model as learned
from negmine.risk import signals
from negmine.risk.shipped import Shipped, shipped, to_json
from negmine.rooms.filter import gathered
from negmine.schemas import POSITIVE, SCORES
from negmine.schemas import RISK_MODEL as MODEL_SCHEMA

INTERCEPT = "(intercept)"
BINS = 10


def settings_of(house: House) -> dict[str, Any]:
    """Return what shapes the model."""
    found = shipped(house.retrievers)
    return {
        "signals": signals.names(opinions(house.settings)),
        "weights": house.settings.filter.risk_weights,
        "shipped": None if found is None else identity_of(to_json(found.model)),
    }


def model(house: House) -> Stream:
    """The weights of every fold, and in the stats what they rest on and how well they do."""
    stats: dict[str, Any] = {}

    def tables() -> Any:
        names = signals.names(opinions(house.settings))
        ours, trial = shipped(house.retrievers), Trial(house)
        values, hidden, fold = trial.sample()
        blends = blends_of(values, hidden, fold, names, house)
        _check(blends, int(hidden.sum()))
        stats.update(_stats(blends, values, hidden, fold, names, ours))
        stats["queries"] = len(trial.queries)
        yield table(_as_rows(blends), MODEL_SCHEMA)

    return Stream(tables(), lambda: stats)


def blends_of(
    values: NDArray[np.float64],
    hidden: NDArray[np.bool_],
    fold: NDArray[np.int64],
    names: Sequence[str],
    house: House,
) -> list[learned.Blend]:
    """Learn a blend per fold with the house's choice of weights."""
    ours, weights = shipped(house.retrievers), house.settings.filter.risk_weights
    theirs = None if ours is None or weights == "own" else ours.model
    return learned.cross_fit(values, hidden, fold, names, theirs, weights)


def labelled_share(
    log_odds: NDArray[np.float64], hidden: NDArray[np.bool_], ours: Shipped | None, share: float
) -> float:
    """Return Elkan and Noto's c, of held-out hidden positives here and of the shipped weights."""
    if not hidden.any():
        return ours.labelled_share if ours is not None else 1.0
    own = learned.labelled_share(log_odds, hidden)
    return own if ours is None or share == 1 else share * own + (1 - share) * ours.labelled_share


def risks(house: House) -> Parts:
    """The risk of every candidate, by the blend that did not see its query; positives have none."""
    names = signals.names(opinions(house.settings))
    scorers = {n: a for n, a in house.scorers.items() if n in opinions(house.settings)}
    manifest = house.work.require(RISK_MODEL)
    blends = _from_rows(house.work.scan(RISK_MODEL).collect(), shipped(house.retrievers))

    def make(part: int) -> pa.Table:
        scores = {
            n: frame(house.work.read(a, part, ["score"]))["score"] for n, a in scorers.items()
        }
        rows = gathered(
            frame(house.work.read(CANDIDATES, part)),
            frame(house.work.read(FEATURES, part)),
            scores,
        )
        values = signals.with_signals(rows, opinions(house.settings)).select(names).to_numpy()
        odds = learned.out_of_fold(blends, values, learned.folds(rows["query_id"]), names)
        risk = pl.Series("score", learned.risk(odds, manifest.stats["labelled_share"]), pl.Float32)
        scored = rows.select("query_id", "doc_id", "label").with_columns(risk)
        unknown = pl.when(pl.col("label") != POSITIVE).then("score").alias("score")
        return table(scored.with_columns(unknown), SCORES)

    return Parts(house.query_parts, make)


def _check(blends: Sequence[learned.Blend], hidden: int) -> None:
    if any(blend.own is None and blend.shipped is None for blend in blends):
        raise InputError(
            f"There is too little to learn a risk from: {hidden} positives could be hidden, of queries "
            "with two or more, and no weights ship for these settings. Give --no-risk, or leave out "
            "--max-risk and --risk-weights own."
        )


def _stats(
    blends: Sequence[learned.Blend],
    values: NDArray[np.float64],
    hidden: NDArray[np.bool_],
    fold: NDArray[np.int64],
    names: Sequence[str],
    ours: Shipped | None,
) -> dict[str, Any]:
    odds = learned.out_of_fold(blends, values, fold, names)
    share = float(np.mean([blend.share for blend in blends]))
    found: dict[str, Any] = {
        "hidden_positives": int(hidden.sum()),
        "candidates": len(hidden),
        "own_share": round(share, 4),
        "shipped": ours.name if ours is not None else None,
        "labelled_share": labelled_share(odds, hidden, ours, share),
        "importance": learned.importance(blends, names),
        "auc": None,
        "calibration": [],
    }
    if hidden.any() and not hidden.all():
        from sklearn.metrics import roc_auc_score

        found["auc"] = round(float(roc_auc_score(hidden, odds)), 4)
        found["calibration"] = learned.calibration(learned.probability(odds), hidden, BINS)
    return found


def _as_rows(blends: Sequence[learned.Blend]) -> pl.DataFrame:
    rows = [
        (number, name, *numbers, blend.share)
        for number, blend in enumerate(blends)
        if blend.own is not None
        for name, *numbers in [
            *zip(blend.own.names, blend.own.mean, blend.own.scale, blend.own.weight, strict=True),
            (INTERCEPT, 0.0, 1.0, blend.own.intercept),
        ]
    ]
    return pl.DataFrame(rows, schema=MODEL_SCHEMA.names, orient="row")


def _from_rows(rows: pl.DataFrame, ours: Shipped | None) -> list[learned.Blend]:
    blends = []
    for number in range(learned.FOLDS):
        here = rows.filter(pl.col("fold") == number)
        own = None
        if here.height:
            told = here.filter(pl.col("signal") != INTERCEPT)
            mean, scale, weight = (told[name].to_numpy() for name in ("mean", "scale", "weight"))
            intercept = here.filter(pl.col("signal") == INTERCEPT)["weight"][0]
            own = learned.Model(tuple(told["signal"]), mean, scale, weight, intercept)
        share = here["share"][0] if here.height else 0.0
        blends.append(learned.Blend(own, ours.model if ours is not None else None, share))
    return blends
