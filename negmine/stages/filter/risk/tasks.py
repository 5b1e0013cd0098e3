"""Tasks of the risk: learn the model on a trial, then score every candidate with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.frames import table
from negmine.data.identity import identity_of
from negmine.data.schemas import POSITIVE, SCORES
from negmine.data.schemas import RISK_MODEL as MODEL_SCHEMA
from negmine.engine.context import Context
from negmine.engine.tasks import Parts, Stream, once
from negmine.errors import InputError
from negmine.scorers import registry
from negmine.stages.filter.compute import gathered
from negmine.stages.filter.leak.trial import Trial
from negmine.stages.filter.risk import blend as learned
from negmine.stages.filter.risk import signals
from negmine.stages.filter.risk.blend import Shipped
from negmine.stages.filter.risk.model import Model
from negmine.stages.filter.risk.quality import quality
from negmine.stages.filter.risk.shipped import shipped, to_json
from negmine.storage.labels import labels_file
from negmine.storage.layout import FEATURES, RISK_MODEL

INTERCEPT = "(intercept)"


def shaping(context: Context) -> dict[str, Any]:
    """Return what shapes the model."""
    ships = _shipped(context)
    labelled = {} if labels_file(context.work) is None else {"labels": "given"}  # none is hidden
    return labelled | {
        "signals": signals.names(signals.evidence_of(context.config)),
        "weights": context.config.filter.risk_weights,
        "learner": "linear",  # a setting once: kept, so that risk models made before stay fresh
        "shipped": None
        if ships is None
        else identity_of([to_json(ships.model), ships.labelled_share]),
    }


def _shipped(context: Context) -> Shipped | None:
    config, first = context.config, context.config.vector_retriever
    names = [one.name for one in config.retrievers if one.is_evidence]
    return shipped(names, None if first is None else first.name)


def model(context: Context) -> Stream:
    """The weights of every fold, and in the stats what they rest on and how well they do."""
    stats: dict[str, Any] = {}

    def tables() -> Iterator[pa.Table]:
        trial = Trial(context, learning=True)
        sample = trial.sample()
        blends = learn(context, *sample)
        stats.update(_stats(context, blends, *sample), queries=len(trial.queries))
        yield table(_as_rows(blends), MODEL_SCHEMA)

    return Stream(tables(), lambda: stats)


def learn(
    context: Context,
    values: NDArray[np.float64],
    hidden: NDArray[np.bool_],
    fold: NDArray[np.int64],
) -> list[learned.Blend]:
    """Learn a blend per fold from a trial's sample, with the weights that the settings choose.

    Raises InputError where there is too little to learn from and nothing ships for these retrievers.
    """
    signal_names = signals.names(signals.evidence_of(context.config))
    rules = context.config.filter
    blends = learned.cross_fit(
        values,
        hidden,
        fold,
        signal_names,
        _shipped(context),
        rules.risk_weights,
    )
    if not all(blend.models for blend in blends):
        raise InputError(
            f"There is too little to learn a risk from: {hidden.sum()} positives could be hidden, of "
            "queries with two or more, and no weights ship for these settings. Give --no-risk, or leave "
            "out --max-risk and --risk-weights own."
        )
    return blends


def risks(context: Context) -> Parts:
    """The risk of every candidate, by the blend that did not see its query; positives have none."""
    evidence = signals.evidence_of(context.config)
    signal_names = signals.names(evidence)
    artifacts = registry.scorers(context.config)
    scorers = {name: one for name, one in artifacts.items() if name in evidence.scores}
    blends = once(lambda: _from_rows(context, context.work.scan(RISK_MODEL).collect()))

    def make(part: int) -> pa.Table:
        rows = gathered(
            context.work.read(context.candidates, part),
            context.work.read(FEATURES, part),
            {n: context.work.read(a, part, ["score"])["score"] for n, a in scorers.items()},
        )
        risk = risk_of(blends(), signals.with_signals(rows, evidence), signal_names)
        scored = rows.select("query_id", "doc_id", "label").with_columns(risk)
        unlabeled = pl.when(pl.col("label") != POSITIVE).then("risk_score").alias("score")
        return table(scored.with_columns(unlabeled), SCORES)

    return Parts(context.queries.parts(), make)


def risk_of(
    blends: Sequence[learned.Blend], rows: pl.DataFrame, signal_names: Sequence[str]
) -> pl.Series:
    """Return `risk_score` of every row, float32, by the blend that did not see its query.

    rows: query_id and the signals.
    """
    values, fold = rows.select(signal_names).to_numpy(), learned.folds(rows["query_id"])
    _, risk = learned.out_of_fold(blends, values, fold, signal_names)
    return pl.Series("risk_score", risk, pl.Float32)


def _stats(
    context: Context,
    blends: Sequence[learned.Blend],
    values: NDArray[np.float64],
    hidden: NDArray[np.bool_],
    fold: NDArray[np.int64],
) -> dict[str, Any]:
    ours = _shipped(context)
    return {
        "hidden_positives": int(hidden.sum()),
        "candidates": len(hidden),
        "own_share": round(float(np.mean([blend.share for blend in blends])), 4),
        "shipped": ours.name if ours is not None else None,
        "labelled_share": round(float(np.mean([blend.labelled_share for blend in blends])), 4),
        **quality(blends, values, hidden, fold, signals.names(signals.evidence_of(context.config))),
    }


def _as_rows(blends: Sequence[learned.Blend]) -> pl.DataFrame:
    rows = [
        (number, name, *numbers, blend.share, blend.labelled_share)
        for number, blend in enumerate(blends)
        for name, *numbers in _weights(blend.own)
    ]
    return pl.DataFrame(rows, schema=MODEL_SCHEMA.names, orient="row", schema_overrides=_TYPES)


_TYPES = {"fold": pl.Int32, "signal": pl.String} | dict.fromkeys(MODEL_SCHEMA.names[2:], pl.Float64)


def _weights(own: Model | None) -> list[tuple[Any, ...]]:
    """Return signal, mean, scale, weight of every signal and of the intercept; without a model, the latter."""
    if own is None:
        return [(INTERCEPT, 0.0, 1.0, 0.0)]
    columns = zip(own.names, own.mean, own.scale, own.weight, strict=True)
    return [*columns, (INTERCEPT, 0.0, 1.0, own.intercept)]


def _from_rows(context: Context, rows: pl.DataFrame) -> list[learned.Blend]:
    ships = _shipped(context)
    ours = ships.model if ships is not None else None
    blends = []
    for number in range(learned.FOLDS):
        here = rows.filter(pl.col("fold") == number)
        weights = here.filter(pl.col("signal") != INTERCEPT)
        mean, scale, weight = (weights[name].to_numpy() for name in ("mean", "scale", "weight"))
        intercept = here.filter(pl.col("signal") == INTERCEPT)["weight"][0]
        own = (
            Model(tuple(weights["signal"]), mean, scale, weight, intercept)
            if weights.height
            else None
        )
        blends.append(learned.Blend(own, ours, here["share"][0], here["labelled_share"][0]))
    return blends
