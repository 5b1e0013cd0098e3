"""Train students on every recipe's negatives, and test them on held-out queries.

    python -m tests.bench.training.run WORK [--setups debian] [--students static] [--seeds 3]

Appends a line per run to WORK/results.jsonl and skips what is there, so it can be stopped at any time. Values
of single queries are in WORK/queries/, for intervals over pairs of runs.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from negmine.analysis.prove.evaluate import METRICS, by_query, evaluator
from negmine.analysis.prove.student import Training
from negmine.analysis.prove.student import trained as train
from negmine.models.load import Spec
from tests.bench.training import recipes
from tests.bench.training.setups import SETUPS, Setup, order
from tests.bench.training.students import STUDENTS

os.environ.setdefault("HF_HUB_OFFLINE", "1")
EPOCHS = 1


def scores(setup, model):
    """Return the metrics of every held-out query, float64 [queries, metrics]."""
    queries = {name: setup.queries[name] for name in setup.tests}
    return by_query(evaluator(queries, setup.documents, setup.tests), model).astype(np.float64)


def trained(student, folder, data, rate, seed):
    """Train a student on columns of texts; return it."""
    chosen = STUDENTS[student]
    place = chosen.make(folder)
    spec = Spec(place, student, "cpu", "float32", chosen.max_length)
    how = Training(spec, "mnrl", EPOCHS, None, chosen.rates, rate, chosen.batch, {})
    return train(how, data, seed, lambda step, steps, model: None)


def best_rate(setup, student, folder):
    """Return the learning rate that is best for pairs alone, on a tenth of the training queries."""
    record = folder / f"rate-{student}.json"
    if not record.exists():
        names = order(setup.positives)
        tenth = names[: max(len(names) // 10, 30)]
        left = {name: setup.positives[name] for name in names[len(tenth) :]}
        tests = {name: {setup.positives[name]} | setup.hidden[name] for name in tenth}
        dev = Setup(setup.documents, setup.queries, left, setup.hidden, tests)
        data, _ = recipes.columns(dev, {}, "in-batch", 0)
        by_rate = {
            rate: scores(dev, trained(student, folder, data, rate, 0)).mean(axis=0)[0].item()
            for rate in STUDENTS[student].rates
        }
        record.write_text(json.dumps({str(rate): value for rate, value in by_rate.items()}))
    by_rate = json.loads(record.read_text())
    return float(max(by_rate, key=by_rate.get))


def one(setup, student, recipe, seed, encoder, work, name):
    """Train and test once; return the line for the results."""
    start, folder = time.perf_counter(), work / name
    by_query = recipes.negatives(recipe, setup, folder / encoder, encoder)
    data, facts = recipes.columns(setup, by_query, recipe, seed)
    rate = best_rate(setup, student, folder)
    values = scores(setup, trained(student, folder, data, rate, seed))
    key = f"{name} {encoder} {student} {recipe} {seed}"
    (work / "queries").mkdir(exist_ok=True)
    np.save(work / "queries" / f"{key}.npy".replace(" ", "_"), values.astype(np.float32))
    means = dict(zip(METRICS, values.mean(axis=0).round(5).tolist(), strict=True))
    seconds = round(time.perf_counter() - start)
    settings = {"encoder": encoder, "student": student, "recipe": recipe, "seed": seed}
    return {"setup": name, **settings, "rate": rate, **means, **facts, "seconds": seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--setups", nargs="+", choices=SETUPS, default=["debian-halves"])
    parser.add_argument("--students", nargs="+", choices=STUDENTS, default=["static"])
    parser.add_argument("--recipes", nargs="+", choices=recipes.NAMES, default=recipes.NAMES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--encoder", default="MiniLM", help="mines: MiniLM or WordLlama")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    record = given.work / "results.jsonl"
    lines = record.read_text().splitlines() if record.exists() else []
    keys = ("setup", "encoder", "student", "recipe", "seed")
    done = {tuple(json.loads(line)[key] for key in keys) for line in lines}
    for name in given.setups:
        setup = SETUPS[name]()
        for seed in range(given.seeds):
            for student in given.students:
                for recipe in given.recipes:
                    if (name, given.encoder, student, recipe, seed) in done:
                        continue
                    line = one(setup, student, recipe, seed, given.encoder, given.work, name)
                    with record.open("a") as stream:
                        stream.write(json.dumps(line) + "\n")
                    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
