"""Planted noise: how many swapped positives are suspected, and what leaving them out changes.

python -m tests.bench.suspected_positives [--write]. Of cranfield, stackfaq and scifact a tenth of all positives
is swapped for a random document. Each collection is mined once, with BM25 and WordLlama's static vectors; then
each limit is tried. Then half of the positives are hidden before the swap, and suspects are removed from the
qrels. Leak: share of the written negatives that are relevant by the collection's own qrels.
"""

from pathlib import Path

import numpy as np
import polars as pl

import negmine
from tests.bench.collections import DATA, tables_of, wordllama
from tests.bench.pages import main

PAGE = Path(__file__).parents[2] / "docs/how-to/check-positives.md"
SCRIPT = "tests/bench/suspected_positives.py"
COLLECTIONS = {
    "cranfield": {"qrels_split": "test"},
    "stackfaq": {"title": False},
    "scifact": {"qrels_split": "train"},
}
SWAPPED, SEED = 0.1, 13
NAMES = ("suspect_share", "suspect_deviations", "suspect_neighbours")
TRIED = [
    (0.5, None, None), (0.75, None, None), (0.9, None, None), (None, 1.0, None), (None, 1.25, None),
    (None, None, 3), (None, None, 10), (0.75, 1.0, None), (0.75, 1.0, 10),
]  # fmt: skip
LIMITS = [dict(zip(NAMES, values, strict=True)) for values in TRIED]
PAIR = ["query_id", "doc_id"]
CLEANED: list[dict[str, float]] = [
    {"suspect_share": 0.75},
    {"suspect_neighbours": 10},
    {"suspect_share": 0.75, "suspect_neighbours": 10},
]


def swapped(work, seed, qrels=None):
    """Return the collection's qrels with a tenth of the positives swapped, and the swapped pairs."""
    if qrels is None:
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


def written(noisy, planted):
    """Return what the training file of a work directory holds: wrong positives, queries, negatives."""
    rows = pl.read_parquet(noisy / "5-write/provenance/*.parquet")
    positives = rows.select("query_id", doc_id="positive_id").drop_nulls().unique()
    negatives = rows.select("query_id", doc_id="negative_id").drop_nulls().unique()
    return {
        "wrong": positives.join(planted, on=PAIR, how="semi").height / positives.height,
        "queries": positives["query_id"].n_unique(),
        "negatives": negatives.height,
    }


def measured(name, flags, folder):
    """Yield a row without limits and one for each: what is suspected, and what is written without it."""
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
    before = {"collection": name, "limits": None, **written(noisy, planted)}
    for limits in LIMITS:
        negmine.filter(noisy, **limits)
        negmine.write(noisy, drop_positives="suspected")
        rows = pl.read_parquet(noisy / "4-filter/suspects/*.parquet")
        rows = rows.join(planted, on=["query_id", "doc_id"], how="left").with_columns(
            pl.col("planted").fill_null(False)
        )
        both = rows.filter("suspected", "planted").height
        if before is not None:
            before |= {"positives": rows.height, "planted": rows["planted"].sum()}
            yield before
            before = None
        yield {
            "collection": name,
            "limits": limits,
            "positives": rows.height,
            "planted": rows["planted"].sum(),
            **written(noisy, planted),
            "suspected": rows["suspected"].sum(),
            "precision": both / max(rows["suspected"].sum(), 1),
            "recall": both / rows["planted"].sum(),
        }


def cleaned(name, flags, folder):
    """Yield leak and yield of a run without noise, with it, and after what a test suspects is removed."""
    clean = folder / f"{name}-clean"
    truth = pl.read_parquet(clean / "1-index/qrels/*.parquet").filter(pl.col("relevance") > 0)
    shuffled = truth.sample(fraction=1.0, shuffle=True, seed=SEED)
    place = pl.int_range(pl.len()).over("query_id")
    known = shuffled.filter(place < (pl.len().over("query_id") + 1) // 2).sort(PAIR)
    noisy, pairs = swapped(clean, SEED, known)
    static = str(wordllama(folder / "static"))
    tables = tables_of(clean) | {"title": flags.get("title", True)}

    def row(what, work, qrels, wrong):
        given = {"retriever": ["bm25", "dense"], "model": static, "qrels": qrels}
        negmine.mine(work, **tables, **given)
        rows = pl.read_parquet(work / "5-write/provenance/*.parquet")
        negatives = rows.select("query_id", doc_id="negative_id").drop_nulls().unique()
        leaked = negatives.join(truth, on=PAIR, how="semi").height
        return {
            "collection": name,
            "what": what,
            "positives": qrels.height,
            "wrong": qrels.join(wrong, on=PAIR, how="semi").height,
            "negatives": negatives.height,
            "leaked": leaked,
        }

    yield row("no noise", folder / f"{name}-half", known, pairs.clear())
    work = folder / f"{name}-half-noisy"
    yield row("a tenth swapped", work, noisy, pairs)
    for limits in CLEANED:
        negmine.filter(work, **(dict.fromkeys(NAMES) | limits))
        suspects = pl.read_parquet(work / "4-filter/suspects/*.parquet").filter("suspected")
        left = noisy.join(suspects, on=PAIR, how="anti", maintain_order="left")
        flag = " ".join(f"--{key.replace('_', '-')} {value:g}" for key, value in limits.items())
        yield row(f"`{flag}` removed", folder / f"{name}-{flag.replace(' ', '')}", left, pairs)


def cleaned_table(rows):
    lines = [
        "| collection | positives | known | of them wrong | negatives written | leak |",
        "|---" * 6 + "|",
    ]
    for row in rows:
        share = f"{row['leaked'] / row['negatives']:.2%} ({row['leaked']})"
        lines.append(
            f"| {row['collection']} | {row['what']} | {row['positives']:,} | {row['wrong']:,} | "
            f"{row['negatives']:,} | {share} |"
        )
    return "\n".join(lines)


def table(rows):
    head = (
        "| collection | `--suspect-share` | `--suspect-deviations` | `--suspect-neighbours` | suspected | "
        "precision | recall | wrong positives written | queries written | negatives written |"
    )
    lines = [head, "|---" * 10 + "|"]
    for row in rows:
        limits = row["limits"] or dict.fromkeys(NAMES)
        shown = ["-" if one is None else f"{one:g}" for one in limits.values()]
        tested = ["-"] * 3
        if row["limits"] is not None:
            tested = [f"{row['suspected']:,}", f"{row['precision']:.2f}", f"{row['recall']:.2f}"]
        changed = [f"{row['wrong']:.1%}", f"{row['queries']:,}", f"{row['negatives']:,}"]
        collection = (
            f"{row['collection']} ({row['positives']:,} positives, {row['planted']:,} planted)"
        )
        lines.append("| " + " | ".join([collection, *shown, *tested, *changed]) + " |")
    return "\n".join(lines)


def make(folder):
    rows = [row for name, flags in COLLECTIONS.items() for row in measured(name, flags, folder)]
    after = [
        row
        for name in ("cranfield", "stackfaq")
        for row in cleaned(name, COLLECTIONS[name], folder)
    ]
    return {SCRIPT: table(rows), f"{SCRIPT}, cleaned": cleaned_table(after)}


if __name__ == "__main__":
    main(__doc__, PAGE, make)
