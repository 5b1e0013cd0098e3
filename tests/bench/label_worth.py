"""What labels are worth: leak before and after 200 answers, to suggestions and to other questions.

python -m tests.bench.label_worth [--write]. Stackfaq and cranfield: of the positives of each query one is
known; a scripted annotator knows all, and is wrong in 5 % of its answers. Retrievers: BM25 and WordLlama's
static vectors. Leak: share of the written negatives that are hidden positives. With --max-risk 1 the risk is
learned, and drops nothing. Riskiest: the candidates of the highest risk, written or dropped.
"""

from pathlib import Path

import numpy as np
import polars as pl

import negmine
from tests.bench.collections import DATA, tables_of, wordllama
from tests.bench.pages import main

PAGE = Path(__file__).parents[2] / "docs/how-to/label.md"
SCRIPT = "tests/bench/label_worth.py"
COLLECTIONS = {"stackfaq": {"title": False}, "cranfield": {"qrels_split": "test"}}
ASKED, WRONG, SEEDS = 200, 0.05, 3
PAIR = ["query_id", "doc_id"]


def truth_and_known(work, seed):
    """Return all positives, and one of each query's, drawn."""
    every = pl.read_parquet(work / "1-index/qrels/*.parquet").filter(pl.col("relevance") > 0)
    drawn = every.sample(fraction=1.0, shuffle=True, seed=seed).unique("query_id", keep="first")
    return every, drawn.sort(PAIR)


def negatives(work):
    rows = pl.read_parquet(work / "5-write/provenance/*.parquet")
    return rows.select("query_id", doc_id="negative_id").drop_nulls().unique()


def riskiest(work, known):
    """Return the candidates of the highest risk, written or dropped."""
    rows = pl.read_parquet(work / "4-filter/risk/*.parquet").join(known, on=PAIR, how="anti")
    return (
        rows.drop_nulls("score").sort("score", *PAIR, descending=[True, False, False]).head(ASKED)
    )


def leak(work, truth):
    rows = negatives(work)
    return rows.join(truth, on=PAIR, how="semi").height / rows.height


def answered(pairs, truth, rng, file):
    """Write the annotator's answers: right in 95 % of the pairs. Returns how many pairs are relevant."""
    is_relevant = pairs.join(
        truth.with_columns(hit=True), on=PAIR, how="left", maintain_order="left"
    )
    right = is_relevant["hit"].is_not_null().to_numpy()
    said = right ^ (rng.random(len(right)) < WRONG)
    pairs.select(PAIR).with_columns(relevance=pl.Series(said.astype(int))).write_csv(
        file, separator="\t"
    )
    return int(right.sum())


def measured(name, flags, folder, seed, most):
    """Return leak before, and leak and relevant pairs found after each way of asking."""
    index = folder / f"{name}-index"
    data = {
        "data": DATA / name,
        "retriever": ["bm25", "dense"],
        "model": str(wordllama(folder / "static")),
    }
    negmine.index(index, **data, **flags)
    truth, known = truth_and_known(index, seed)
    work = folder / f"{name}-{seed}-{most}"
    given = {
        **data,
        "data": None,
        **tables_of(index),
        "qrels": known,
        "title": flags.get("title", True),
    }
    negmine.mine(work, **given, max_risk=most)
    row = {"before": leak(work, truth)}
    rng = np.random.default_rng(seed)
    negmine.suggest_labels(work, ASKED, folder / f"{work.name}-ask.tsv")
    asked = pl.read_csv(folder / f"{work.name}-ask.tsv", separator="\t", infer_schema=False)
    ways = {
        "suggested": asked,
        "random": negatives(work).sort(PAIR).sample(ASKED, seed=seed),
        "riskiest": riskiest(work, known),
    }
    for way, pairs in ways.items():
        file = folder / f"{work.name}-{way}.tsv"
        row[f"found_{way}"] = answered(pairs.select(PAIR), truth, rng, file)
        negmine.label(work, file, who="script")
        negmine.mine(work)
        row[way] = leak(work, truth)
        negmine.label(work, None, forget=True)
        negmine.mine(work)
    return row


def table(rows):
    lines = [
        "| collection | `--max-risk` | leak before | after 200 suggestions | after 200 random questions | "
        "after the 200 riskiest candidates | relevant among the suggestions | among the random ones |",
        "|---" * 8 + "|",
    ]
    for (name, most), of_seeds in rows.items():
        mean = {key: np.mean([row[key] for row in of_seeds]) for key in of_seeds[0]}
        leaks = [f"{mean[key]:.2%}" for key in ("before", "suggested", "random", "riskiest")]
        hits = [f"{mean[key]:.0f}" for key in ("found_suggested", "found_random")]
        lines.append(f"| {name} | {most:g} | {' | '.join([*leaks, *hits])} |")
    return "\n".join(lines)


def make(folder):
    rows = {
        (name, most): [measured(name, flags, folder, seed, most) for seed in range(SEEDS)]
        for name, flags in COLLECTIONS.items()
        for most in (1.0, 0.05)
    }
    return {SCRIPT: table(rows)}


if __name__ == "__main__":
    main(__doc__, PAGE, make)
