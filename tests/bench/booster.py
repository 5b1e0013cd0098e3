"""Would boosted trees leak less than the logistic regression? Measured; they are no part of negmine any more.

Positives are hidden, and the risk is learned as a user would who does not know them, with own weights. Two
uses: the default rules, and `--max-risk` alone, chosen on one half of the queries to be as many and as
hard as the margin and measured on the other half. The difference has a bootstrap interval over queries.

    python -m tests.bench.booster WORK [--encoder WordLlama]
"""

import argparse
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import numpy as np
import polars as pl

import negmine
from negmine.data.hashing import name_hashes
from negmine.stages.filter.leak.measure import Scored
from negmine.stages.filter.leak.sweep import Sweep
from negmine.stages.filter.rules import turned_off
from negmine.stages.opening import open_existing
from negmine.stages.write.selection import selected
from tests.bench.best_ranked import best_ranked
from tests.bench.collections import NAMES, encoders, flags_of

WANTED, K, MARGIN, SEED, REPLICATES = 10, 100, 0.05, 13, 2000
GRID = {
    "relative_margin": [-10.0, -1.0, -0.5, -0.3, -0.2, -0.1, -0.05, 0.0, 0.05],
    "max_risk": [float(f"{v:.3g}") for v in np.geomspace(1e-4, 1, 41)],
}


class Trees:
    """Boosted trees in the place of a Model: their raw prediction is the log-odds."""

    def __init__(self, signals, hidden, names):
        from sklearn.ensemble import HistGradientBoostingClassifier

        self._names = names
        self._trees = HistGradientBoostingClassifier(
            max_depth=4, learning_rate=0.06, max_iter=200, l2_regularization=1.0,
            min_samples_leaf=50, early_stopping=False, random_state=0,
        ).fit(signals, hidden)  # fmt: skip

    def log_odds(self, signals, names):
        columns = [list(names).index(name) for name in self._names]
        return self._trees.decision_function(signals[:, columns]) if len(signals) else np.zeros(0)


def learner(kind):
    """Let trees stand in for the regression."""
    trees = kind == "trees"
    return patch("negmine.stages.filter.risk.blend.fit", Trees) if trees else nullcontext()


def trial(folder, **flags):
    settings = {"num_negatives": WANTED, "risk_weights": "own"} | flags
    return Scored(open_existing(folder, settings), 0.5, SEED, budget_chosen=False)


def half(rows, which):
    return rows.filter(pl.Series(name_hashes(rows["query_id"], SEED) % 2 == which))


def counted(scored, rules, which=None):
    """Return a row per query: negatives that are hidden positives, negatives, their z together."""
    rows = []
    for number, part in scored.parts():
        some = part if which is None else half(part, which)
        verdicts = scored.verdicts(number, some, rules)
        negatives = selected(verdicts, best_ranked(scored)).group_by("query_id")
        counts = negatives.agg(
            leaked=pl.col("hidden").sum(), got=pl.len(), z=pl.col("dense_z").sum()
        )
        queries = some.select("query_id").unique()
        rows.append(queries.join(counts, on="query_id", how="left").fill_null(0))
    return pl.concat(rows).sort("query_id")


def share(rows):
    return rows["leaked"].sum() / max(rows["got"].sum(), 1)


def matched(scored, plain, margin):
    """Choose on one half, count on the other; both halves together."""
    found = []
    for which in (0, 1):
        base = counted(plain, margin, which)
        swept = Sweep(GRID, turned_off(scored.rules), best_ranked(scored), SEED)
        for number, part in scored.parts():
            swept.add(scored.verdicts(number, half(part, which), swept.base))
        enough = pl.col("yield") >= base["got"].sum() / (WANTED * base.height) - 1e-6
        hard = pl.col("hardness_z") >= base["z"].sum() / base["got"].sum() - 1e-6
        cell = swept.table().filter(enough, hard).sort("leak", "leak_high").row(0, named=True)
        rules = turned_off(scored.rules).model_copy(update={name: cell[name] for name in GRID})
        found.append(counted(scored, rules, 1 - which))
    return pl.concat(found).sort("query_id")


def interval(a, b):
    """Return the 95 % interval of b's leak less a's, over queries."""
    rng = np.random.default_rng(SEED)
    numbers = [x.select("leaked", "got").to_numpy().astype(float) for x in (a, b)]
    drawn = []
    for _ in range(REPLICATES):
        chosen = rng.integers(0, a.height, a.height)
        one, two = (x[chosen].sum(axis=0) for x in numbers)
        drawn.append(two[0] / max(two[1], 1) - one[0] / max(one[1], 1))
    return np.quantile(drawn, [0.025, 0.975])


def compare(folder):
    """Return a line per use: leaks of the margin, the regression, the trees, and the difference."""
    plain = trial(folder, no_risk=True)
    margin = turned_off(plain.rules).model_copy(update={"relative_margin": MARGIN})
    found = {}
    for kind in ("linear", "trees"):
        with learner(kind):
            scored = trial(folder, max_risk=0.05)
            default = margin.model_copy(update={"max_risk": 0.05})
            found[kind] = counted(scored, default), matched(scored, plain, margin)
    base = share(counted(plain, margin))
    for place, use in enumerate(("default rules", "as many and as hard")):
        a, b = (found[kind][place] for kind in ("linear", "trees"))
        low, high = interval(a, b)
        leaks = " | ".join(f"{value:.4f}" for value in (base, share(a), share(b)))
        yield f"{use} | {leaks} | {low:+.4f} to {high:+.4f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--encoder", default="WordLlama", choices=("WordLlama", "MiniLM"))
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    model = encoders(asked.work)[asked.encoder]
    print(
        "| collection | use | margin | linear | trees | trees less linear |\n|---|---|---|---|---|---|"
    )
    for name in NAMES:
        folder = asked.work / f"{name}-{asked.encoder}"
        if not (folder / "5-write").exists():
            mining = flags_of(name, asked.work) | {"model": model, "k": K}
            negmine.mine(folder, num_negatives=WANTED, judged_negatives="ignore", **mining)
        for line in compare(folder):
            print(f"| {name} | {line} |", flush=True)


if __name__ == "__main__":
    main()
