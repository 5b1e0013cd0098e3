"""Train students on every recipe's negatives, and test them on held-out queries.

    python -m tests.bench.training.run WORK [--setups debian] [--students static] [--seeds 3] [--workers 1]

Appends a line per run to WORK/results.jsonl and skips what is there, so it can be stopped at any time. Values
of single queries are in WORK/queries/, for intervals over pairs of runs. A GPU is used where there is one, with
TF32 products.
"""

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from negmine.analysis.prove.evaluate import METRICS, by_query, evaluator
from negmine.analysis.prove.student import Training
from negmine.analysis.prove.student import trained as train
from negmine.models.load import Spec
from negmine.models.locate import resolve_device
from tests.bench.training import recipes
from tests.bench.training.losses import weighted
from tests.bench.training.setups import SETUPS, Setup, order
from tests.bench.training.students import STUDENTS

os.environ.setdefault("HF_HUB_OFFLINE", "1")
EPOCHS = 1
KEYS = ("setup", "encoder", "student", "recipe", "seed")
setup_of = cache(lambda name: SETUPS[name]())


def scores(setup, model):
    """Return the metrics of every held-out query, float64 [queries, metrics]."""
    queries = {name: setup.queries[name] for name in setup.tests}
    return by_query(evaluator(queries, setup.documents, setup.tests), model).astype(np.float64)


def trained(student, folder, data, rate, seed):
    """Train a student on columns of texts, and of weights (`label`) where the recipe has some; return it."""
    chosen = STUDENTS[student]
    place = chosen.make(folder)
    spec = Spec(place, student, resolve_device("auto"), "float32", chosen.max_length)
    loss = weighted if "label" in data else "mnrl"
    how = Training(spec, loss, EPOCHS, None, chosen.rates, rate, chosen.batch, {})
    model, _ = train(how, data, seed, lambda step, steps, model: None)
    return model


def best_rate(name, student, work):
    """Return the learning rate that is best for pairs alone, on a tenth of the training queries."""
    setup, record = setup_of(name), work / name / f"rate-{student}.json"
    if not record.exists():
        names = order(setup.positives)
        tenth = names[: max(len(names) // 10, 30)]
        left = {name: setup.positives[name] for name in names[len(tenth) :]}
        tests = {name: {setup.positives[name]} | setup.hidden[name] for name in tenth}
        dev = Setup(setup.documents, setup.queries, left, setup.hidden, tests)
        data, _ = recipes.columns(dev, {}, "in-batch", 0)
        by_rate = {
            rate: scores(dev, trained(student, record.parent, data, rate, 0)).mean(axis=0)[0].item()
            for rate in STUDENTS[student].rates
        }
        record.write_text(json.dumps({str(rate): value for rate, value in by_rate.items()}))
    by_rate = json.loads(record.read_text())
    return float(max(by_rate, key=by_rate.get))


def chosen(name, names, encoder, work):
    """Choose the negatives of every recipe for a set-up, before anything is trained on them."""
    for recipe in names:
        recipes.negatives(recipe, setup_of(name), work / name / encoder, encoder)


def one(name, encoder, student, recipe, seed, work):
    """Train and test once; return the line for the results."""
    start, setup = time.perf_counter(), setup_of(name)
    by_query = recipes.negatives(recipe, setup, work / name / encoder, encoder)
    weights = recipes.weights(recipe, work / name / encoder)
    data, facts = recipes.columns(setup, by_query, recipe, seed, weights)
    rate = best_rate(name, student, work)
    values = scores(setup, trained(student, work / name, data, rate, seed))
    key = f"{name} {encoder} {student} {recipe} {seed}"
    (work / "queries").mkdir(exist_ok=True)
    np.save(work / "queries" / f"{key}.npy".replace(" ", "_"), values.astype(np.float32))
    means = dict(zip(METRICS, values.mean(axis=0).round(5).tolist(), strict=True))
    facts["seconds"] = round(time.perf_counter() - start)
    settings = dict(zip(KEYS, (name, encoder, student, recipe, seed), strict=True))
    return {**settings, "rate": rate, **means, **facts}


def _begin():
    """Let products on a GPU be TF32: faster, and exact enough for training."""
    import torch

    torch.set_float32_matmul_precision("high")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--setups", nargs="+", choices=SETUPS, default=["debian-halves"])
    parser.add_argument("--students", nargs="+", choices=STUDENTS, default=["static"])
    parser.add_argument("--recipes", nargs="+", choices=recipes.NAMES, default=recipes.NAMES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--encoder", default="MiniLM", help="mines: MiniLM or WordLlama")
    parser.add_argument("--workers", type=int, default=1, help="processes that train side by side")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    record = given.work / "results.jsonl"
    lines = record.read_text().splitlines() if record.exists() else []
    done = {tuple(json.loads(line)[key] for key in KEYS) for line in lines}
    wanted = [
        (name, given.encoder, student, recipe, seed)
        for seed in range(given.seeds)
        for student in given.students
        for name in given.setups
        for recipe in given.recipes
    ]
    with ProcessPoolExecutor(given.workers, get_context("spawn"), _begin) as pool:
        choose = partial(chosen, names=given.recipes, encoder=given.encoder, work=given.work)
        rates = [
            pool.submit(best_rate, name, student, given.work)
            for name in given.setups
            for student in given.students
        ]
        list(pool.map(choose, given.setups))
        for rate in rates:
            rate.result()
        for run in as_completed(
            pool.submit(one, *run, given.work) for run in wanted if run not in done
        ):
            with record.open("a") as stream:
                stream.write(json.dumps(run.result()) + "\n")
            print(json.dumps(run.result()), flush=True)


if __name__ == "__main__":
    main()
