"""Compare recipes: paired differences over held-out queries and seeds, with intervals.

    python -m tests.bench.training.compare WORK [--against "st margin 0.05"] [--write]

Differences and intervals are those of `negmine prove` (negmine/analysis/prove/compare.py). --write puts tables
and results into docs/explanation/what-trains-better.md. Set-ups and recipes that WORK does not have stay there
as they were.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from negmine.analysis.prove.compare import difference
from negmine.analysis.prove.evaluate import METRICS
from tests.bench.training.setups import SETUPS, components
from tests.bench.training.tables import averages, best_of_each, block, left_out

PAGE = Path(__file__).parents[3] / "docs/explanation/what-trains-better.md"
BEGIN, END = "<!-- made by tests/bench/training/compare.py -->", "<!-- end -->"


def by_setup(work):
    """Return (setup, encoder, student) to recipe to the results of its seeds."""
    groups = {}
    for line in (work / "results.jsonl").read_text().splitlines():
        run = json.loads(line)
        key = run["setup"], run["encoder"], run["student"]
        groups.setdefault(key, {}).setdefault(run["recipe"], []).append(run)
    return groups


def values(work, runs):
    """Return the metrics of every query after every training; float [seeds, queries, metrics]."""
    names = ("setup", "encoder", "student", "recipe", "seed")
    files = [" ".join(str(run[name]) for name in names).replace(" ", "_") for run in runs]
    return np.stack([np.load(work / "queries" / f"{file}.npy") for file in files])


def groups_of(name):
    """Return the group of each held-out query of a set-up, from 0: those that share a document are in one."""
    tests = SETUPS[name]().tests
    group = components(tests)
    return np.unique([group[query] for query in tests], return_inverse=True)[1]


def rows(work, runs_by_recipe, against, groups):
    """Return a row per recipe, best first: mean metrics, leak, yield, the difference in nDCG@10."""
    base_by_seed = {run["seed"]: run for run in runs_by_recipe[against]}
    table = []
    for recipe, every in runs_by_recipe.items():
        runs = [run for run in every if run["seed"] in base_by_seed]
        base = values(work, [base_by_seed[run["seed"]] for run in runs])
        own = values(work, runs)
        facts = {name: runs[0][name] for name in ("yield", "leak")}
        means = dict(zip(METRICS, own.mean(axis=(0, 1)).tolist(), strict=True))
        gain = difference(own[:, :, 0], base[:, :, 0], groups).as_dict()
        table.append({"recipe": recipe, "seeds": len(runs), **means, **facts, "gain": gain})
    return sorted(table, key=lambda row: -row["ndcg@10"])


def merged(before, made):
    """Return the tables of the page and of WORK; where both have a recipe of a set-up, that of WORK."""
    tables = dict(before)
    for key, table in made.items():
        rows_by_recipe = {row["recipe"]: row for row in [*before.get(key, []), *table]}
        tables[key] = sorted(rows_by_recipe.values(), key=lambda row: -row["ndcg@10"])
    return tables


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--against", default="st margin 0.05")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    made = {
        " / ".join(key): rows(given.work, runs, given.against, groups_of(key[0]))
        for key, runs in by_setup(given.work).items()
        if given.against in runs
    }
    record = PAGE.with_suffix(".json")
    tables = merged(json.loads(record.read_text(encoding="utf-8")), made)
    blocks = [table(tables, given.against) for table in (averages, best_of_each, left_out)]
    blocks += [block(key, table, given.against) for key, table in tables.items()]
    print("\n\n".join(blocks))
    if given.write:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN, 1)
        text = "\n\n".join(("", *blocks, ""))
        PAGE.write_text(before + BEGIN + text + END + rest.split(END, 1)[1], encoding="utf-8")
        record.write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
