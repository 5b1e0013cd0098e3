"""What second opinions save: hidden positives written as negatives on Cranfield.

Half of every query's positives are hidden (seed 13) and count as unlabeled; MiniLM finds candidates
(k = 200), 10 negatives a query are asked for, and what each set of rules lets through is counted.
Writes the table of docs/explanation/second-opinions.md. Needs the collections and models in ../shared.

    python -m tests.bench.second_opinions WORK [--guide FOLDER]
"""

import argparse
import hashlib
import json
import random
import re
import shutil
from pathlib import Path

import polars as pl

import negmine
from tests.bench.collections import encoders
from tests.bench.pages import write_made
from tests.scorers.judge.server import answer, documents, serving

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "cranfield"
RERANKER = ROOT.parent / "shared" / "models" / "ce-minilm"
PAGE = ROOT / "docs" / "explanation" / "second-opinions.md"
SCRIPT = "tests/bench/second_opinions.py"
SEED, K, ASKED, DEPTH = 13, 200, 10, 60


def hide(folder):
    """Write a copy of the collection with half of each query's positives left out; return all, hidden."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "qrels").mkdir(parents=True)
    for file in DATA.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    lines = (DATA / "qrels" / "test.tsv").read_text().splitlines()
    known, chance = {}, random.Random(SEED)
    for query, document, score in (line.split("\t") for line in lines[1:]):
        if int(score) > 0:
            known.setdefault(query, []).append(document)
    hidden = {q: set(chance.sample(sorted(docs), len(docs) // 2)) for q, docs in known.items()}
    shown = [
        line for line in lines[1:] if line.split("\t")[1] not in hidden.get(line.split("\t")[0], ())
    ]
    (folder / "qrels" / "train.tsv").write_text("\n".join([lines[0], *shown]) + "\n")
    return {q: set(docs) for q, docs in known.items()}, hidden


def simulated(known, accuracy, work):
    """Return a script that knows all qrels and errs on a fixed share of pairs, whatever the round."""
    queries = pl.read_parquet(work / "1-index/queries/*.parquet")
    corpus = pl.read_parquet(work / "1-index/corpus/*.parquet")
    asked = {text: query for query, text in queries.select("query_id", "text").rows()}
    joined = pl.concat_str(
        [pl.col("title").fill_null(""), pl.col("text")], separator=" "
    ).str.strip_chars()
    found = {text: doc for doc, text in corpus.select("doc_id", joined).rows()}

    def says(query, document):
        truth = found.get(document.strip()) in known.get(asked[query], ())
        digest = hashlib.blake2b(f"{SEED}\0{query}\0{document}".encode(), digest_size=8).digest()
        return truth if int.from_bytes(digest, "big") / 2**64 < accuracy else not truth

    def script(request, number):
        query = json.loads(re.search(r"^Query: (.*)$", request["messages"][-1]["content"], re.M)[1])
        lines = (
            f"{name}: {'yes' if says(query, text) else 'no'}, confident"
            for name, text in documents(request).items()
        )
        return 200, answer("\n".join(lines))

    return script


def measure(work, hidden):
    """Return hidden positives written as negatives, yield and hardness of what was written."""
    about = pl.read_parquet(work / "5-write/provenance/*.parquet")
    rows = about.select("query_id", "negative_id", "dense_score", "positive_score").unique(
        ["query_id", "negative_id"]
    )
    many = [query for query, docs in hidden.items() if docs]
    rows = rows.filter(pl.col("query_id").is_in(many))
    leaked = sum(
        doc in hidden[query] for query, doc in rows.select("query_id", "negative_id").rows()
    )
    hardness = (rows["dense_score"] / rows["positive_score"]).mean()
    return (
        leaked,
        rows.height,
        leaked / max(rows.height, 1),
        rows.height / (ASKED * len(many)),
        hardness,
    )


def default_guide(chosen):
    return encoders(chosen.work)["WordLlama"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--guide", help="folder of another bi-encoder; default: WordLlama")
    chosen = parser.parse_args()
    known, hidden = hide(chosen.work / "data")
    work = chosen.work / "work"
    base = {
        "data": chosen.work / "data", "retriever": ["dense"], "k": K, "num_negatives": ASKED,
        "no_near_duplicate": True, "no_risk": True, "dtype": "auto",
    }  # fmt: skip
    margin = base | {"relative_margin": 0.05}
    rows = []

    def row(name, **flags):
        negmine.mine(work, **flags)
        rows.append((name, *measure(work, hidden)))
        print(rows[-1], flush=True)

    row("no rule", **base, no_relative_margin=True)
    row("relative margin 0.05", **margin)
    reranked = {"rerank_model": str(RERANKER), "rerank_depth": DEPTH}
    above = {"max_signal": ["rerank_difference=0"]}
    row(
        "relative margin 0.05 + cross-encoder: none above its anchor", **margin, **reranked, **above
    )
    row("cross-encoder alone: its relative margin 0.05", **margin, **reranked, score="rerank")
    row(
        "relative margin 0.05 + guide",
        **margin,
        guide_model=[chosen.guide or default_guide(chosen)],
    )
    row("relative margin 0.05 + risk 0.05", **(margin | {"no_risk": False}))
    for accuracy in (0.95, 0.8, 0.6):
        with serving(simulated(known, accuracy, work)) as server:
            flags = {
                "judge_url": server.url,
                "judge_model": f"simulated-{accuracy}",
                "judge_check": 0,
            }
            row(f"relative margin 0.05 + judge, {accuracy:.0%} right", **margin, **flags)
    table = [
        "| rules | hidden positives written | of negatives | leak | yield | hardness |",
        "|---|---|---|---|---|---|",
    ]
    table += [
        f"| {n} | {s} | {a:,} | {leak:.3f} | {y:.2f} | {h:.2f} |" for n, s, a, leak, y, h in rows
    ]
    write_made(PAGE, SCRIPT, "\n".join(table))


if __name__ == "__main__":
    main()
