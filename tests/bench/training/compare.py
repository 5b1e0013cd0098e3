"""Compare recipes: paired differences over held-out queries and seeds, with intervals.

    python -m tests.bench.training.compare WORK [--against "st margin 0.05"] [--write]

Differences and intervals are those of `negmine prove` (negmine/analysis/prove/compare.py). --write puts tables
and results into docs/explanation/what-trains-better.md.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from negmine.analysis.prove.compare import difference
from negmine.analysis.prove.evaluate import METRICS
from tests.bench.training.setups import SETUPS, components

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


def as_table(table, against):
    """Return the rows as a Markdown table."""
    head = ("recipe", "seeds", "nDCG@10", "MRR@10", "recall@100", f"nDCG@10 against {against}")
    head += ("better, worse", "leak", "yield")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in table:
        gain = row["gain"]
        metrics = " | ".join(f"{100 * row[name]:.2f}" for name in METRICS)
        shares = [f"{row[name]:.3f}" if row[name] is not None else "" for name in ("leak", "yield")]
        interval = (
            f"{100 * gain['mean']:+.2f} ({100 * gain['low']:+.2f} to {100 * gain['high']:+.2f})"
        )
        lines.append(
            f"| {row['recipe']} | {row['seeds']} | {metrics} | {interval if gain['error'] else ''} | "
            f"{gain['better']:.0%}, {gain['worse']:.0%} | {' | '.join(shares)} |"
        )
    return "\n".join(lines)


def block(work, key, runs_by_recipe, against):
    """Return the section of one set-up: what it can see, and its table."""
    setup, encoder, student = key
    groups = groups_of(setup)
    table = rows(work, runs_by_recipe, against, groups)
    visible = 100 * float(
        np.median([row["gain"]["visible"] for row in table if row["gain"]["error"]])
    )
    count = len(groups)
    text = (
        f"### {setup}: student {student}, mined by {encoder}\n\n{count:,} held-out queries. The smallest "
        f"difference that this set-up can see is {visible:.2f} points of nDCG@10.\n\n"
    )
    return text + as_table(table, against), table


def averages(tables, against):
    """Return a table of the mean differences over set-ups, best first: each set-up counts once."""
    gains = {}
    for table in tables.values():
        for row in table:
            gains.setdefault(row["recipe"], []).append(100 * row["gain"]["mean"])
    ranked = sorted(gains.items(), key=lambda item: -np.mean(item[1]))
    lines = [
        f"| recipe | set-ups | nDCG@10 against {against}, mean | below it in |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {len(values)} | {np.mean(values):+.2f} | {sum(value < 0 for value in values)} |"
        for name, values in ranked
        if name != against
    ]
    return "### All set-ups\n\nEach counts once, however large it is.\n\n" + "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--against", default="st margin 0.05")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    blocks, tables = [], {}
    for key, runs in by_setup(given.work).items():
        if given.against in runs:
            text, tables[" / ".join(key)] = block(given.work, key, runs, given.against)
            blocks.append(text)
    blocks.insert(0, averages(tables, given.against))
    print("\n\n".join(blocks))
    if given.write:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN, 1)
        made = "\n\n".join(("", *blocks, ""))
        PAGE.write_text(before + BEGIN + made + END + rest.split(END, 1)[1], encoding="utf-8")
        PAGE.with_suffix(".json").write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
