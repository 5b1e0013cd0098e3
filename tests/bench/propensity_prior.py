"""Whether propensities help the risk: as a divisor in place of the labelled share, and as one more signal.

python -m tests.bench.propensity_prior [--write]. Half of each query's positives are hidden; retrievers are BM25
and WordLlama's static vectors. Propensity: the share of a retriever's documents in a bucket of ranks that are
known positives, the largest over retrievers. Calibration error: mean distance of predicted and hidden share
over ten bins of equal size, as part of the hidden share. Leak: share of hidden positives among the five
best-ranked candidates of each query that are left when as many candidates are dropped as risk 0.05 drops.
"""

from pathlib import Path

import numpy as np
import polars as pl

import negmine
from negmine.stages.filter.leak.trial import Trial
from negmine.stages.filter.risk import blend as learned
from negmine.stages.filter.risk import signals
from negmine.stages.opening import open_existing
from negmine.stages.write.scales import bucket_of
from tests.bench.collections import DATA, wordllama
from tests.bench.pages import main

PAGE = Path(__file__).parents[2] / "docs/explanation/false-negatives.md"
SCRIPT = "tests/bench/propensity_prior.py"
COLLECTIONS = {
    "cranfield": {"qrels_split": "test"},
    "stackfaq": {"title": False},
    "scifact": {"qrels_split": "train"},
    "vaswani-npl": {},
}
RETRIEVERS, TAKEN, MOST_RISK, BINS = ("bm25", "dense"), 5, 0.05, 10
WAYS = ("as it is", "divided by it", "one more signal")


def rows_of(name, flags, folder):
    """Return the candidates of a trial, with signals, `hidden` and `propensity`."""
    work = folder / name
    model = str(wordllama(folder / "static"))
    negmine.index(work, data=DATA / name, retriever=list(RETRIEVERS), model=model, **flags)
    negmine.retrieve(work, k=100)
    context = open_existing(work, {"max_risk": 1.0})
    trial = Trial(context)
    parts = [trial.part(number) for number in range(context.queries.parts())]
    rows = pl.concat(parts).filter(pl.col("label") != "partly_relevant")
    is_positive = pl.col("label") == "positive"
    shares = []
    for retriever in RETRIEVERS:
        bucket = bucket_of(pl.col(f"{retriever}_rank").fill_null(10**6))
        rows = rows.with_columns(bucket.alias(f"_{retriever}"))
        share = is_positive.mean().over(f"_{retriever}")
        shares.append(pl.when(pl.col(f"{retriever}_rank").is_not_null()).then(share))
    rows = rows.with_columns(
        propensity=pl.max_horizontal(shares).fill_null(0.0).clip(1e-4, 1 - 1e-4)
    )
    return rows.filter(~is_positive), signals.names(trial.evidence)


def numbers(rows, names):
    """Return calibration error and leak, by the way in which propensities are used."""
    hidden, fold = rows["hidden"].to_numpy(), learned.folds(rows["query_id"])
    odds = pl.col("propensity") / (1 - pl.col("propensity"))
    with_prior = rows.with_columns(log_propensity=odds.log())
    results = {}
    most = None
    for way in WAYS:
        used = [*names, "log_propensity"] if way == WAYS[2] else names
        values = with_prior.select(used).to_numpy().astype(np.float64)
        blends = learned.cross_fit(values, hidden, fold, used, None, "own")
        p, risk = learned.out_of_fold(blends, values, fold, used)
        if way == WAYS[1]:
            share = rows["propensity"].to_numpy()
            risk = p / (share / share[hidden].mean())
        most = int((risk > MOST_RISK).sum()) if most is None else most
        results[way] = (calibration_error(p, hidden), leak(rows, risk, most))
    return results


def calibration_error(p, hidden):
    bins = np.array_split(np.argsort(p, kind="stable"), BINS)
    return sum(abs(p[b].mean() - hidden[b].mean()) for b in bins) / BINS / hidden.mean()


def leak(rows, risk, most):
    """Return the share of hidden positives among what each query takes when the `most` riskiest are dropped."""
    place = pl.Series("risk", risk).rank("ordinal", descending=True)
    left = rows.with_columns(place).filter(pl.col("risk") > most).sort("query_id", "rank")
    taken = left.filter(pl.int_range(pl.len()).over("query_id") < TAKEN)
    return taken["hidden"].mean()


def table(results):
    head = "| collection | " + " | ".join(f"calibration error, {w} | leak, {w}" for w in WAYS[::2])
    lines = [f"{head} | leak, {WAYS[1]} |", "|---" * 6 + "|"]
    for name, by_way in results.items():
        cells = [f"{error:.3f} | {leaked:.2%}" for error, leaked in (by_way[w] for w in WAYS[::2])]
        lines.append(f"| {name} | {' | '.join(cells)} | {by_way[WAYS[1]][1]:.2%} |")
    return "\n".join(lines)


def make(folder):
    results = {name: numbers(*rows_of(name, flags, folder)) for name, flags in COLLECTIONS.items()}
    return {SCRIPT: table(results)}


if __name__ == "__main__":
    main(__doc__, PAGE, make)
