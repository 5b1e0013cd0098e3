"""Is a gradient booster better than the logistic regression? Leak as many and as hard as the margin.

python -m tests.bench.booster WORK        # after how_much_do_negatives_lie
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from negmine.measure.rulesets import bare
from negmine.measure.sweep import Sweep
from negmine.risk import signals
from negmine.risk.blend import FOLDS, folds
from tests.bench.collections import NAMES
from tests.bench.how_much_do_negatives_lie import GRID, MARGIN, SEED, WAYS, measure, trial


def boosted(scored):
    """Return the parts with a booster's cross-fitted probability as the risk."""
    names = signals.names(scored.trial.opinions)
    values, hidden, fold = scored.trial.sample()
    models = [
        HistGradientBoostingClassifier(
            max_depth=4, learning_rate=0.06, max_iter=200, l2_regularization=1.0,
            min_samples_leaf=50, random_state=SEED,
        ).fit(values[fold != number], hidden[fold != number])
        for number in range(FOLDS)
    ]  # fmt: skip
    for number, rows in scored.parts():
        own, risk = folds(rows["query_id"]), np.zeros(rows.height)
        for place, model in enumerate(models):
            here = own == place
            risk[here] = model.predict_proba(rows.select(names).to_numpy()[here])[:, 1]
        yield number, rows.with_columns(pl.Series("risk_score", risk, pl.Float32))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    work = parser.parse_args().work
    print(
        "| collection | hidden | AUC linear | AUC booster | of the margin's leak: linear | booster |"
    )
    print("|---|---|---|---|---|---|")
    for name in NAMES:
        for way in WAYS:
            scored = trial(work / f"{name}-MiniLM", way, max_risk=0.05, risk_weights="own")
            margin = bare(scored.rules).model_copy(update={"relative_margin": MARGIN})
            base = measure(scored, {"margin": margin})["margin"]
            told = []
            for parts in (list(scored.parts()), list(boosted(scored))):
                rows = pl.concat([r.filter(pl.col("label") != "positive") for _, r in parts])
                risks = np.unique(np.quantile(rows["risk_score"], np.linspace(0.3, 1, 60)))
                grid = GRID | {"max_risk": [float(v) for v in risks]}
                found = Sweep(grid, bare(scored.rules), scored.house.settings.write, SEED)
                for number, part in parts:
                    found.add(scored.verdicts(number, part, found.base))
                fair = found.table().filter(
                    pl.col("yield") >= base["yield"] - 1e-6,
                    pl.col("hardness") >= base["hardness"] - 1e-6,
                )
                told.append((roc_auc_score(rows["hidden"], rows["risk_score"]), fair["leak"].min()))
            (auc, leak), (auc_boosted, leak_boosted) = told
            shares = f"{leak / base['leak']:.2f} | {leak_boosted / base['leak']:.2f}"
            print(f"| {name} | {way} | {auc:.3f} | {auc_boosted:.3f} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
