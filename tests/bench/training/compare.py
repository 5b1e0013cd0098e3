"""Compare recipes: paired differences over held-out queries and seeds, with intervals.

    python -m tests.bench.training.compare WORK [--against "st margin 0.05"] [--write]

A difference is of the mean over the seeds that both recipes have, query by query; its interval is a bootstrap
over queries. The smallest
difference that a set-up can see is 2.8 standard errors (a two-sided test at 5 %, with a power of 80 %). --write
puts tables and results into docs/explanation/what-trains-better.md.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from tests.bench.training.run import METRICS

PAGE = Path(__file__).parents[3] / "docs/explanation/what-trains-better.md"
BEGIN, END = "<!-- made by tests/bench/training/compare.py -->", "<!-- end -->"
REPLICATES, POWER = 2000, 2.8


def by_setup(work):
    """Return (setup, encoder, student) to recipe to the results of its seeds."""
    groups = {}
    for line in (work / "results.jsonl").read_text().splitlines():
        run = json.loads(line)
        key = run["setup"], run["encoder"], run["student"]
        groups.setdefault(key, {}).setdefault(run["recipe"], []).append(run)
    return groups


def values(work, runs):
    """Return the metrics of every query, the mean over seeds; float [queries, metrics]."""
    names = ("setup", "encoder", "student", "recipe", "seed")
    files = [" ".join(str(run[name]) for name in names).replace(" ", "_") for run in runs]
    return np.mean([np.load(work / "queries" / f"{file}.npy") for file in files], axis=0)


def difference(one, other):
    """Return mean, low and high of a paired difference, its standard error, shares better and worse."""
    paired = one - other
    draws = np.random.default_rng(13).integers(len(paired), size=(REPLICATES, len(paired)))
    means = paired[draws].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    better, worse = (paired > 0).mean(), (paired < 0).mean()
    return {
        "mean": paired.mean(), "low": low, "high": high, "error": means.std(),
        "better": better, "worse": worse,
    }  # fmt: skip


def rows(work, runs_by_recipe, against):
    """Return a row per recipe, best first: mean metrics, leak, yield, the difference in nDCG@10."""
    base_by_seed = {run["seed"]: run for run in runs_by_recipe[against]}
    table = []
    for recipe, every in runs_by_recipe.items():
        runs = [run for run in every if run["seed"] in base_by_seed]
        base = values(work, [base_by_seed[run["seed"]] for run in runs])[:, 0]
        own = values(work, runs)
        facts = {name: runs[0][name] for name in ("yield", "leak")}
        means = dict(zip(METRICS, own.mean(axis=0).tolist(), strict=True))
        gain = {k: float(v) for k, v in difference(own[:, 0], base).items()}
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
    table = rows(work, runs_by_recipe, against)
    errors = [row["gain"]["error"] for row in table if row["gain"]["error"]]
    visible = 100 * POWER * float(np.median(errors)) if errors else float("nan")
    setup, encoder, student = key
    count = len(values(work, runs_by_recipe[against]))
    text = (
        f"### {setup}: student {student}, mined by {encoder}\n\n{count:,} held-out queries. The smallest "
        f"difference that this set-up can see is {visible:.2f} points of nDCG@10.\n\n"
    )
    return text + as_table(table, against), table


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
    print("\n\n".join(blocks))
    if given.write:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN, 1)
        made = "\n\n".join(("", *blocks, ""))
        PAGE.write_text(before + BEGIN + made + END + rest.split(END, 1)[1], encoding="utf-8")
        PAGE.with_suffix(".json").write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
