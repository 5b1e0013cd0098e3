"""Planted noise: how many swapped positives are suspected, and how many good ones with them.

python -m tests.bench.suspected_positives [--write]. Of cranfield, stackfaq and scifact a tenth of all positives
is swapped for a random document. Each collection is mined once, with BM25 and WordLlama's static vectors; then
each limit is tried.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

import negmine
from tests.bench.collections import DATA, tables_of, wordllama
from tests.bench.pages import write_made

PAGE = Path(__file__).parents[2] / "docs/how-to/check-positives.md"
SCRIPT = "tests/bench/suspected_positives.py"
COLLECTIONS = {
    "cranfield": {"qrels_split": "test"},
    "stackfaq": {"title": False},
    "scifact": {"qrels_split": "train"},
}
SWAPPED, SEED = 0.1, 13
TRIED = [(0.5, None), (0.75, None), (0.9, None), (None, 1.0), (None, 1.25), (0.75, 1.0)]
LIMITS = [{"suspect_share": share, "suspect_deviations": far} for share, far in TRIED]


def swapped(work, seed):
    """Return the collection's qrels with a tenth of the positives swapped, and the swapped pairs."""
    qrels = pl.read_parquet(work / "1-index/qrels/*.parquet")
    corpus = pl.read_parquet(work / "1-index/corpus/*.parquet", columns=["doc_id", "same_as"])
    documents = corpus.filter(pl.col("same_as").is_null())["doc_id"]
    rng = np.random.default_rng(seed)
    positive = qrels.filter(pl.col("relevance") > 0)
    chosen = rng.choice(positive.height, round(SWAPPED * positive.height), replace=False)
    is_swapped = pl.Series(np.isin(np.arange(positive.height), chosen))
    drawn = documents.gather(rng.integers(0, len(documents), positive.height))
    planted = positive.with_columns(doc_id=pl.when(is_swapped).then(drawn).otherwise("doc_id"))
    pairs = planted.filter(is_swapped).select("query_id", "doc_id")
    pairs = pairs.join(positive, on=["query_id", "doc_id"], how="anti").unique()
    return planted.unique(["query_id", "doc_id"], maintain_order=True), pairs


def measured(name, flags, folder):
    """Yield a row for each limit: precision and recall of what is suspected against what was planted."""
    data = {
        "data": DATA / name,
        "retriever": ["bm25", "dense"],
        "model": str(wordllama(folder / "static")),
    }
    clean, noisy = folder / f"{name}-clean", folder / f"{name}-noisy"
    negmine.index(clean, **data, **flags)
    qrels, pairs = swapped(clean, SEED)
    negmine.mine(
        noisy,
        **{**data, "data": None},
        **tables_of(clean),
        qrels=qrels,
        title=flags.get("title", True),
    )
    planted = pairs.with_columns(planted=True)
    for limits in LIMITS:
        negmine.filter(noisy, **limits)
        rows = pl.read_parquet(noisy / "4-filter/suspects/*.parquet")
        rows = rows.join(planted, on=["query_id", "doc_id"], how="left").with_columns(
            pl.col("planted").fill_null(False)
        )
        both = rows.filter("suspected", "planted").height
        yield {
            "collection": name,
            **limits,
            "positives": rows.height,
            "planted": rows["planted"].sum(),
            "suspected": rows["suspected"].sum(),
            "precision": both / max(rows["suspected"].sum(), 1),
            "recall": both / rows["planted"].sum(),
        }


def table(rows):
    head = "| collection | `--suspect-share` | `--suspect-deviations` | suspected | precision | recall |"
    lines = [head, "|---|---|---|---|---|---|"]
    for row in rows:
        limits = [row["suspect_share"], row["suspect_deviations"]]
        shown = ["-" if one is None else f"{one:g}" for one in limits]
        lines.append(
            f"| {row['collection']} ({row['positives']:,} positives, {row['planted']:,} planted) | "
            f"{shown[0]} | {shown[1]} | {row['suspected']:,} | {row['precision']:.2f} | {row['recall']:.2f} |"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the table into its page")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            row
            for name, flags in COLLECTIONS.items()
            for row in measured(name, flags, Path(folder))
        ]
    made = table(rows)
    print(made)
    if given.write:
        write_made(PAGE, SCRIPT, made)


if __name__ == "__main__":
    main()
