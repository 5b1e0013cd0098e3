"""Learn the weights that ship with negmine, and how they do on collections they have not seen.

Every collection is mined with every encoder (k = 100); positives are hidden in two ways (half of a
query's, and all but one); one logistic regression is fitted on all of it, each collection, encoder
and way counting the same. Writes negmine/stages/filter/risk/weights.json.

    python -m tests.bench.learn_risk WORK
"""

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import negmine
from negmine.stages.filter.leak.trial import Trial
from negmine.stages.filter.risk import model as learned
from negmine.stages.filter.risk import shipped, signals
from negmine.stages.opening import open_existing
from tests.bench.collections import NAMES, encoders, flags_of

TARGET = Path(shipped.__file__).with_name("weights.json")
RETRIEVERS = (("bm25", "dense"), ("dense",), ("bm25",))
WAYS = (0.5, "all-but-one")
K, REGULARISATION, ROWS_OF_EACH = 100, 0.1, 20_000.0


def samples(work, retrievers):
    """Return (collection, encoder, way) to (signals, hidden) of one set of retrievers."""
    parts = {}
    chosen = encoders(work) if "dense" in retrievers else {"-": "all-MiniLM-L6-v2"}
    for encoder, model in chosen.items():
        for name in NAMES:
            folder = work / f"{name}-{encoder}"
            flags = flags_of(name, work) | {"model": model, "retriever": retrievers}
            negmine.index(folder, dtype="auto", **flags)
            negmine.retrieve(folder, k=K)
            for way in WAYS:
                context = open_existing(folder, {"guide_model": [], "max_risk": 1.0})
                values, hidden, _ = Trial(context, way).sample()
                parts[name, encoder, way] = values, hidden
                print(retrievers, name, encoder, way, values.shape, hidden.mean(), flush=True)
    return parts


def fit(parts, names):
    """Fit one model in which every part weighs the same."""
    values = np.concatenate([x for x, _ in parts])
    hidden = np.concatenate([y for _, y in parts])
    weight = np.concatenate([np.full(len(y), ROWS_OF_EACH / len(y)) for _, y in parts])
    mean = np.array([_mean(column, weight) for column in values.T])
    scale = np.sqrt([_mean(column, weight) for column in ((values - mean) ** 2).T])
    standard = np.nan_to_num((values - mean) / scale)
    fitted = LogisticRegression(C=REGULARISATION, max_iter=2000)
    fitted.fit(standard, hidden, sample_weight=weight)
    return learned.Model(tuple(names), mean, scale, fitted.coef_[0], float(fitted.intercept_[0]))


def _mean(column, weight):
    finite = np.isfinite(column)
    return np.average(column[finite], weights=weight[finite])


def share(model, parts, names):
    """Return the mean labelled share over parts."""
    return float(
        np.mean(
            [
                learned.labelled_share(learned.probability(model.log_odds(x, names)[y]))
                for x, y in parts
            ]
        )
    )


def learn(work, retrievers):
    """Return the entry of weights.json for one set of retrievers."""
    parts = samples(work, retrievers)
    context = open_existing(work / f"{NAMES[0]}-{'MiniLM' if 'dense' in retrievers else '-'}", {})
    names = signals.names(signals.evidence_of(context.config))
    unseen = {}
    for name in NAMES:
        others = fit([part for key, part in parts.items() if key[0] != name], names)
        for key, (values, hidden) in parts.items():
            if key[0] == name:
                auc = roc_auc_score(hidden, others.log_odds(values, names))
                unseen[" / ".join(map(str, key))] = round(float(auc), 3)
    whole = fit(list(parts.values()), names)
    entry = shipped.to_json(whole) | {
        "labelled_share": round(share(whole, parts.values(), names), 4)
    }
    return entry | {"auc_on_unseen_collections": unseen}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    work = parser.parse_args().work
    work.mkdir(parents=True, exist_ok=True)
    models = {"+".join(retrievers): learn(work, retrievers) for retrievers in RETRIEVERS}
    about = {
        "made_by": "tests/bench/learn_risk.py",
        "collections": list(NAMES),
        "encoders": ["all-MiniLM-L6-v2", "WordLlama l2_supercat 256"],
        "hidden": [str(way) for way in WAYS],
    }
    TARGET.write_text(json.dumps(about | {"models": models}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
