"""What `negmine lint` finds in what sentence-transformers' own `mine_hard_negatives` mines.

Mines stackfaq and debian-packages as its documentation shows (num_negatives=5; once with nothing else,
once with relative_margin=0.05), with WordLlama's static vectors, so that it runs in minutes. Lints the
triplets with corpus, queries and qrels, and stackfaq's with MiniLM as a guide. Writes the tables of
docs/explanation/what-lint-finds.md. Needs the collections in ../shared.

    python -m tests.bench.lint_peers WORK [--limit QUERIES]
"""

import argparse
import gzip
import json
from pathlib import Path

import negmine
from negmine.analysis.lint.rules import RULES
from tests.bench.collections import DATA, encoders
from tests.bench.pages import write_made

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "what-lint-finds.md"
SCRIPT = "tests/bench/lint_peers.py"
SETTINGS = {"defaults": {}, "relative_margin=0.05": {"relative_margin": 0.05}}
FAQ, DEBIAN = "stackfaq", "debian-packages"


def lines(folder, name):
    """Return the rows of a BEIR table, plain or gzipped."""
    plain, packed = folder / f"{name}.jsonl", folder / f"{name}.jsonl.gz"
    data = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    return [json.loads(line) for line in data.decode().split("\n") if line]


def read(name, limit):
    """Return documents by id, queries by id, and (query, positive) pairs of the first `limit` queries."""
    folder = DATA / name
    with_title = name == DEBIAN  # stackfaq's title is the question that all its answers share
    documents = {
        row["_id"]: f"{row['title']} {row['text']}" if with_title else row["text"]
        for row in lines(folder, "corpus")
    }
    queries = {row["_id"]: row["text"] for row in lines(folder, "queries")[:limit]}
    found = next(p for p in (folder / "qrels/test.tsv", folder / "qrels/test.tsv.gz") if p.exists())
    text = gzip.decompress(found.read_bytes()) if found.suffix == ".gz" else found.read_bytes()
    rows = [line.split("\t") for line in text.decode().splitlines()[1:]]
    pairs = [(q, d) for q, d, score in rows if int(score) > 0 and q in queries]
    return documents, queries, pairs, found


def mine(name, work, model, limit):
    """Mine with every setting; return the paths by setting, and what is known beside them."""
    from datasets import Dataset
    from sentence_transformers.util import mine_hard_negatives

    documents, queries, pairs, qrels = read(name, limit)
    data = Dataset.from_dict(
        {"query": [queries[q] for q, _ in pairs], "answer": [documents[d] for _, d in pairs]}
    )
    paths = {}
    for said, flags in SETTINGS.items():
        mined = mine_hard_negatives(
            data, model, corpus=list(documents.values()), num_negatives=5, output_scores=True,
            use_faiss=True, batch_size=256, verbose=False, **flags,
        )  # fmt: skip
        paths[said] = work / f"{name}-{said}.parquet"
        mined.to_parquet(str(paths[said]))
    folder = DATA / name
    known = {table: next(folder.glob(f"{table}.jsonl*")) for table in ("corpus", "queries")}
    return paths, known | {"qrels": qrels}


def table(reports):
    """Return a table: a row per rule that found something anywhere, a column per file."""
    head = ["rule", *reports]
    rows = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    totals = ("rows", "queries", "positives", "negatives")
    for unit in totals:
        counts = (f"{report['totals'][unit]:,}" for report in reports.values())
        rows.append(f"| *{unit}* | {' | '.join(counts)} |")
    for place, rule in enumerate(RULES):
        found = [report["rules"][place] for report in reports.values()]
        if any(one["count"] or rule == "length_tells" for one in found):
            link = f"[`{rule}`](../reference/lint.md#{rule})"
            rows.append(f"| {link} | {' | '.join(map(cell, found))} |")
    return "\n".join(rows)


def cell(rule):
    """Return a count and its share, the AUC, or why there is neither."""
    if not rule["checked"]:
        return "not checked"
    if rule["unit"] == "file":
        return f"AUC {rule['about']['auc']:.3f}"
    share = (
        f"{100 * rule['share']:.2g} %"
        if 0 < rule["share"] < 0.1
        else f"{100 * rule['share']:.1f} %"
    )
    return f"{rule['count']:,} ({share})" if rule["count"] else "0"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--limit", type=int, default=5_000, help="queries of debian-packages")
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(encoders(chosen.work)["WordLlama"], device="cpu")
    guide = {"guide_model": "all-MiniLM-L6-v2", "train_batch_size": 32, "device": "cpu"}
    parts = []
    for name, limit, extra in ((FAQ, None, guide), (DEBIAN, chosen.limit, {})):
        paths, known = mine(name, chosen.work, model, limit)
        if extra:
            extra = extra | {"vector_store": chosen.work / "vectors"}
        reports = {said: negmine.lint(path, **known, **extra) for said, path in paths.items()}
        (chosen.work / f"{name}.json").write_text(json.dumps(reports, indent=1))
        asked = "all queries" if limit is None else f"the first {limit:,} queries"
        parts.append(f"### {name}, {asked}\n\n{table(reports)}")
        print(parts[-1], flush=True)
    write_made(PAGE, SCRIPT, "\n\n".join(parts))


if __name__ == "__main__":
    main()
