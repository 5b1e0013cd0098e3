"""Are boosted trees better than the logistic regression? Leak, as many and as hard as the margin.

python -m tests.bench.booster WORK        # after how_much_do_negatives_lie
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score

from negmine.stages.filter.rules import turned_off
from tests.bench.collections import NAMES
from tests.bench.how_much_do_negatives_lie import GRID, MARGIN, WAYS, measure, swept, trial


def learned(folder, way, learner, base):
    """Return AUC, and the least leak of a grid with at least the yield and hardness of `base`."""
    scored = trial(folder, way, max_risk=0.05, risk_weights="own", risk_learner=learner)
    rows = pl.concat([r.filter(pl.col("label") != "positive") for _, r in scored.parts()])
    risks = np.unique(np.quantile(rows["risk_score"], np.linspace(0.3, 1, 60)))
    cells = swept(scored, GRID | {"max_risk": [float(risk) for risk in risks]})
    fair = cells.filter(
        pl.col("yield") >= base["yield"] - 1e-6, pl.col("hardness_z") >= base["hardness_z"] - 1e-6
    )
    return roc_auc_score(rows["hidden"], rows["risk_score"]), fair["leak"].min() / base["leak"]


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
            folder = work / f"{name}-MiniLM"
            plain = trial(folder, way, no_risk=True)
            margin = turned_off(plain.rules).model_copy(update={"relative_margin": MARGIN})
            base = measure(plain, {"margin": margin})["margin"]
            (auc, leak), (trees_auc, trees_leak) = (
                learned(folder, way, learner, base) for learner in ("linear", "booster")
            )
            shares = f"{auc:.3f} | {trees_auc:.3f} | {leak:.2f} | {trees_leak:.2f}"
            print(f"| {name} | {way} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
