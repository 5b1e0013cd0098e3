"""Tables of what was trained, as Markdown."""

import numpy as np
import polars as pl

from negmine.analysis.prove.evaluate import METRICS
from tests.bench.training.setups import SETUPS


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


def block(key, table, against):
    """Return the section of one set-up: what it can see, and its table."""
    setup, encoder, student = key.split(" / ")
    seen = [row["gain"]["visible"] for row in table if row["gain"]["error"]]
    visible, count = 100 * float(np.median(seen)), len(SETUPS[setup]().tests)
    text = (
        f"### {setup}: student {student}, mined by {encoder}\n\n{count:,} held-out queries. The smallest "
        f"difference that this set-up can see is {visible:.2f} points of nDCG@10.\n\n"
    )
    return text + as_table(table, against)


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


def best_of_each(tables, against):
    """Return a table of the best recipe of each set-up, which nobody could have known before."""
    lines = [f"| set-up | recipes | the best | nDCG@10 against {against} |", "|---|---|---|---|"]
    gains = []
    for key, table in tables.items():
        best = max(table, key=lambda row: row["gain"]["mean"])
        gains.append(100 * best["gain"]["mean"])
        lines.append(f"| {key} | {len(table)} | {best['recipe']} | {gains[-1]:+.2f} |")
    text = (
        "### The best recipe of each set-up\n\nChosen after the test, on the queries of the test, so it is too "
        f"good to be true: no rule for choosing can expect more. The mean is {np.mean(gains):+.2f} points.\n\n"
    )
    return text + "\n".join(lines)


def left_out(tables, against):
    """Return a table of what each collection gains by the recipe that is best on the others, by student.

    The set-ups of Debian are one collection. Recipes count that were run on all of a student's collections;
    the oracle, which nobody has, does not.
    """
    gains = pl.DataFrame(
        [
            {"collection": setup.split("-")[0], "student": student, "recipe": row["recipe"]}
            | {"gain": 100 * row["gain"]["mean"]}
            for key, table in tables.items()
            for setup, _, student in [key.split(" / ")]
            for row in table
            if row["recipe"] != "oracle"
        ]
    )
    gains = gains.group_by("student", "collection", "recipe").agg(pl.col("gain").mean())
    everywhere = pl.len() == pl.col("collection").n_unique().over("student")
    gains = gains.filter(everywhere.over("student", "recipe"))
    others = gains.join(gains, on=["student", "recipe"], suffix="_other")
    others = others.filter(pl.col("collection") != pl.col("collection_other"))
    keys = ["student", "collection"]
    others = others.group_by(*keys, "recipe", "gain").agg(pl.col("gain_other").mean())
    best = others.sort("gain_other", "recipe", descending=[True, False]).unique(
        keys, keep="first", maintain_order=True
    )
    lines = [
        f"| student | left out | best on the others | there | nDCG@10 against {against}, left out |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['student']} | {row['collection']} | {row['recipe']} "
        f"| {row['gain_other']:+.2f} | {row['gain']:+.2f} |"
        for row in best.sort(keys).iter_rows(named=True)
    ]
    mean = float(best["gain"].to_numpy().mean())
    text = (
        "### Does a choice carry over?\n\nFor each student and collection, the recipe that is best on the "
        f"student's other collections. On those that were left out, the mean is {mean:+.2f}.\n\n"
    )
    return text + "\n".join(lines)
