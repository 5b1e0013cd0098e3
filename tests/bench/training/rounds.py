"""Rounds: mine, train an epoch, mine again with the trained student, train another epoch; nDCG@10 after each.

    python -m tests.bench.training.rounds WORK [--student static] [--seeds 5] [--write]

The second epoch starts from the student of the first, on the negatives of each way of mining again, and on the
old ones for comparison. Leak: share of the negatives that are relevant and not known to be. --write puts the
tables of all students that were trained in WORK into docs/how-to/rounds.md.
"""

import argparse
import json
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

import negmine
from negmine.analysis.prove.compare import difference
from negmine.analysis.prove.student import Training
from negmine.analysis.prove.student import trained as train
from negmine.models.load import Spec
from negmine.models.locate import resolve_device
from tests.bench.pages import write_made
from tests.bench.training import recipes
from tests.bench.training.run import best_rate, scores
from tests.bench.training.setups import SETUPS, components
from tests.bench.training.students import STUDENTS

PAGE = Path(__file__).parents[3] / "docs/how-to/rounds.md"
SCRIPT = "tests/bench/training/rounds.py"
SETUP, TEACHER, FIRST, SAME = "stackfaq", "MiniLM", "round 1", "round 1's negatives again"
UNTRAINED = "untrained"
OF_TEACHER = {"score": "round1_dense", "order": "dense"}
# How the second round is mined: settings of `negmine mine WORK --round 2`.
AGAIN = {
    "round 2": {},
    "round 2, `--score round1_dense`": OF_TEACHER,
    "round 2, `--score round1_dense --keep-share 0.5`": OF_TEACHER | {"keep_share": 0.5},
    "round 2, `--no-relative-margin --no-risk`": {"no_relative_margin": True, "no_risk": True},
}
setup_of = cache(lambda: SETUPS[SETUP]())


def negatives(work):
    """Return query to the negatives that a round wrote, best first."""
    rows = pl.read_parquet(work / "5-write/provenance/*.parquet")
    rows = rows.select("query_id", "negative_id").unique(maintain_order=True)
    return dict(rows.group_by("query_id", maintain_order=True).agg("negative_id").iter_rows())


def trained(student, place, by_query, rate, seed, folder):
    """Train a model an epoch longer, save it as `folder`, and return the leak of its negatives."""
    data, facts = recipes.columns(setup_of(), by_query, "negatives", seed)
    if not (folder / "modules.json").exists():
        chosen = STUDENTS[student]
        spec = Spec(place, student, resolve_device("auto"), "float32", chosen.max_length)
        how = Training(spec, "mnrl", 1, None, chosen.rates, rate, chosen.batch, {})
        model, _ = train(how, data, seed, lambda step, steps, model: None)
        model.save(str(folder), create_model_card=False)
    return facts["leak"]


def tested(folder):
    """Return nDCG@10 of every held-out query, float64 [queries]; kept beside the model."""
    record = folder / "ndcg.npy"
    if not record.exists():
        from sentence_transformers import SentenceTransformer

        np.save(record, scores(setup_of(), SentenceTransformer(str(folder), device="cpu"))[:, 0])
    return np.load(record)


def mined_again(work, first, model, settings):
    """Mine round 2 with a student, and return the counts of the command."""
    result = negmine.mine(work, since=first, round=2, model=str(model), **settings)
    return result.summary


def one_seed(student, seed, work):
    """Return a row for each way of training: its name, leak, share of new negatives, nDCG@10 by query."""
    first, rate = work / "round1", best_rate(SETUP, student, work)
    own = work / f"{student}-{seed}"
    base, old = STUDENTS[student].make(work / SETUP), negatives(first)
    rows = {UNTRAINED: (None, None, tested(base))}
    leak = trained(student, base, old, rate, seed, own / "model1")
    rows[FIRST] = leak, None, tested(own / "model1")
    leak = trained(student, own / "model1", old, rate, seed + 100, own / "again")
    rows[SAME] = leak, 0.0, tested(own / "again")
    for number, (name, settings) in enumerate(AGAIN.items()):
        again = own / f"work{number}"
        counts = mined_again(again, first, own / "model1", settings)
        new, kept = (counts[f"negatives_{name}"] for name in ("new", "kept"))
        folder = own / f"model2-{number}"
        leak = trained(student, own / "model1", negatives(again), rate, seed + 100, folder)
        rows[name] = leak, new / (new + kept), tested(folder)
    return rows


def table(student, seeds):
    """Return the table of a student: means over seeds, and differences from the old negatives."""
    tests = setup_of().tests
    group = components(tests)
    groups = np.unique([group[query] for query in tests], return_inverse=True)[1]
    values = {name: np.stack([rows[name][2] for rows in seeds]) for name in seeds[0]}
    lines = [
        "| trained on | nDCG@10 | against the old negatives | 95 % interval | it can see | leak | "
        "new negatives |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, one in values.items():
        gain = difference(one, values[SAME], groups)
        low, high = (f"{100 * end:+.2f}" for end in (gain.low, gain.high))
        against = ("", "", "")
        if name != SAME:
            against = f"{100 * gain.mean:+.2f}", f"{low} to {high}", f"{100 * gain.visible:.2f}"
        leak, new = (_share([rows[name][place] for rows in seeds]) for place in (0, 1))
        cells = [name, f"{100 * one.mean():.2f}", *against, leak, new]
        lines.append(f"| {' | '.join(cells)} |")
    head = f"Student {student}, {len(seeds)} seeds, {len(tests)} held-out queries in {groups.max() + 1} groups:"
    return f"{head}\n\n" + "\n".join(lines)


def _share(values):
    return "" if None in values else f"{100 * np.mean(values):.1f} %"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--student", choices=STUDENTS, default="static")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    (given.work / SETUP).mkdir(exist_ok=True)
    recipes.mined(setup_of(), given.work / "round1", TEACHER)
    seeds = [one_seed(given.student, seed, given.work) for seed in range(given.seeds)]
    made = table(given.student, seeds)
    record = given.work / "tables.json"
    tables = json.loads(record.read_text()) if record.exists() else {}
    record.write_text(json.dumps(tables | {given.student: made}))
    print(made)
    if given.write:
        write_made(PAGE, SCRIPT, "\n\n".join((tables | {given.student: made}).values()))


if __name__ == "__main__":
    main()
