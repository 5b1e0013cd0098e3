"""The tables of docs/explanation/how-much-do-negatives-lie.md, from the JSON of its benchmark.

python -m tests.bench.lie_tables
"""

import json
from pathlib import Path

import numpy as np

PAGE = Path(__file__).parents[2] / "docs/explanation/how-much-do-negatives-lie.md"
JSON = PAGE.with_suffix(".json")
BEGIN, END = "<!-- made by tests/bench/how_much_do_negatives_lie.py -->", "<!-- end -->"
BASE = "relative margin 0.05"
WEIGHTS = {"own": "own", "shipped": "transferred", "blend": "blend"}
COUNTED = (
    "There are 20 cells: 5 collections, 2 encoders, 2 ways of hiding. "
    "*(19 of 20)*: measured in 19 of them."
)
LEAST = 0.002  # the margin's leak from which a share of it means something
WAYS = {
    "0.5": "half of each query's positives hidden",
    "all-but-one": "all positives but one hidden",
}


def write_page(told):
    """Put the tables between the marks of the page."""
    results = told["rules"]
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    blocks = [summary(results)]
    for way, said in WAYS.items():
        for encoder in dict.fromkeys(key.split(" / ")[1] for key in results):
            here = {
                k.split(" / ")[0]: v for k, v in results.items() if k.endswith(f"{encoder} / {way}")
            }
            blocks.append(f"### {encoder}, {said}\n\n{table(here)}")
    blocks += [unused(results), budgets(told["budget_on_unseen_queries"])]
    page = before + BEGIN + "\n\n" + "\n\n".join(blocks) + "\n\n" + END + after
    PAGE.write_text(page, encoding="utf-8")


def names(blocks):
    """Return the rules in the order in which they were measured."""
    return list(dict.fromkeys(name for block in blocks for name in block))


def summary(results):
    """Return per rule: mean leak, its share of the margin's (mean, worst), yield, hardness as mean z.

    Shares leave out where the margin leaks next to nothing itself: XQuAD-R with half hidden.
    """
    columns = (
        "rule", "leak", "mean leak / margin's mean leak", "mean of (leak / margin's leak)",
        "the same without epqa", "largest leak / margin's leak",
    )  # fmt: skip
    lines = [f"| {' | '.join((*columns, 'yield', 'hardness (z)'))} |", "|---" * 8 + "|"]
    for name in names(results.values()):
        rows = [(block[name], block[BASE]) for block in results.values() if name in block]
        leak = np.mean([row["leak"] for row, _ in rows])
        total = sum(row["leak"] for row, _ in rows) / sum(base["leak"] for _, base in rows)
        shares = {
            key: block[name]["leak"] / block[BASE]["leak"]
            for key, block in results.items()
            if name in block and block[BASE]["leak"] > LEAST
        }
        mean, worst = np.mean(list(shares.values())), max(shares.values())
        others = np.mean([value for key, value in shares.items() if not key.startswith("epqa")])
        got = np.mean([row["yield"] for row, _ in rows])
        hard = np.mean([row["hardness_z"] for row, _ in rows])
        count = "" if len(rows) == len(results) else f" ({len(rows)} of {len(results)})"
        numbers = (total, mean, others, worst, got, hard)
        shown = " | ".join(f"{number:.2f}" for number in numbers)
        lines.append(f"| {name}{count} | {leak:.4f} | {shown} |")
    return "### On the mean of all\n\n" + COUNTED + "\n\n" + "\n".join(lines)


def table(here):
    """Return leak with its interval, yield and hardness of every rule on every collection."""
    lines = ["| rule | " + " | ".join(here) + " |", "|---|" + "---|" * len(here)]
    for name in names(here.values()):
        cells = [cell(block.get(name)) for block in here.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(row):
    if row is None:
        return "cannot be met"
    ends = f"{row['leak_low']:.4f}-{row['leak_high']:.4f}"
    return f"{row['leak']:.4f} ({ends}); {row['yield']:.2f}; {row['hardness_z']:.2f}"


def unused(results):
    """Return hardness under the encoder that did not mine, and judged negatives of epqa."""
    lines = [
        "### Are they still hard, and are true negatives left?",
        "",
        "| rule | z for the encoder that did not mine | epqa: judged negatives removed "
        "| judged negatives written |",
        "|---|---|---|---|",
    ]
    for name in names(results.values()):
        zs = [z for b in results.values() if (z := b.get(name, {}).get("unused_z"))]
        if not zs:
            continue
        rows = [b[name] for key, b in results.items() if key.startswith("epqa") and name in b]
        judged = sum(row["cost"]["judged_negatives"] for row in rows)
        removed = sum(row["cost"]["judged_negatives_removed"] for row in rows)
        chosen = sum(row["judged_negatives_selected"] for row in rows)
        share = f"{removed / judged:.2f} of {judged:,}" if judged else "-"
        lines.append(f"| {name} | {np.mean(zs):.2f} | {share} | {chosen:,} |")
    return "\n".join(lines)


def budgets(found):
    """Return what a budget of 0.01, met on half of the queries, leaks on the other half."""
    lines = [
        "### Does a budget hold on queries it did not see?",
        "",
        "`--max-leak 0.01` chosen on one half of the queries, measured on the other:",
        "",
        "| collection / encoder / positives hidden | chosen max-risk | leak of the other half | yield |",
        "|---|---|---|---|",
    ]
    for key, row in found.items():
        if row["chosen"] is None:
            lines.append(
                f"| {key} | cannot be met: the best choice has an upper end of {row['best']:.4f} | | |"
            )
        else:
            ends = f"{row['leak']:.4f} ({row['leak_low']:.4f}-{row['leak_high']:.4f})"
            lines.append(f"| {key} | {row['chosen']:g} | {ends} | {row['yield']:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    write_page(json.loads(JSON.read_text(encoding="utf-8")))
