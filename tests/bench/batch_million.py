"""How long `negmine batch` takes for a million rows, and how much memory: seconds and bytes for each row.

Writes a collection of as many documents and queries as rows, with vectors in topics of 100, and indexes it.
Nobody searches a million queries for this: verdicts on 30 candidates for each query are drawn, and lie in the
work directory as if `filter` had made them. `write` and `batch` then run as always, each `--by` in a process of
its own.

    python -m tests.bench.batch_million WORK [--rows 100000 --rows 1000000] [--by cluster ...]
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

import negmine
from negmine.data.frames import table
from negmine.data.schemas import VERDICTS as SCHEMA
from negmine.data.schemas import name_of, with_opinions
from negmine.engine.run import run
from negmine.engine.status import survey
from negmine.stages.opening import open_existing
from negmine.stages.plan import make_plan
from negmine.storage.layout import VERDICTS
from negmine.storage.manifest import Manifest
from negmine.storage.parquet import part_name

DIMS, TOPIC, STEP, CANDIDATES, WORDS = 256, 100, 50_000, 30, 30
SEED = 13
BY = ("cluster", "neighbour", "owner", "random")


def collection(folder, rows):
    """Write documents, queries, qrels and vectors; document i is the positive of query i."""
    folder.mkdir(parents=True)
    chance = np.random.default_rng(SEED)
    topics = max(rows // TOPIC, 1)
    centres = chance.standard_normal((topics, DIMS), np.float32)
    vectors = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float16, (rows, DIMS))
        for name in ("documents", "queries")
    }
    for start in range(0, rows, STEP):
        numbers = np.arange(start, min(start + STEP, rows))
        texts = _texts(numbers, topics, chance)
        for name, words in (("corpus", WORDS), ("queries", 8)):
            lines = pl.DataFrame({"_id": [f"{name[0]}{n}" for n in numbers], "text": texts[words]})
            with (folder / f"{name}.jsonl").open("ab") as stream:
                lines.write_ndjson(stream)
        for name, noise in (("documents", 0.8), ("queries", 0.8)):
            drawn = centres[numbers % topics] + noise * chance.standard_normal(
                (len(numbers), DIMS), np.float32
            )
            vectors[name][numbers] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    (folder / "qrels").mkdir()
    ids = {"query-id": [f"q{n}" for n in range(rows)], "corpus-id": [f"c{n}" for n in range(rows)]}
    pairs = pl.DataFrame(ids)
    pairs.with_columns(score=1).write_csv(folder / "qrels" / "train.tsv", separator="\t")


def _texts(numbers, topics, chance):
    """Return texts of 30 and of 8 words of a topic; one document in fifty is a near copy of the one before."""
    words = (numbers % topics)[:, None] * 40 + chance.integers(0, 2_000, (len(numbers), WORDS))
    copies = np.flatnonzero(numbers % 50 == 49)
    words[copies[copies > 0]] = words[copies[copies > 0] - 1]
    words[copies, -1] = 0
    long = [" ".join(f"w{word}" for word in row) for row in words]
    short = [
        f"{number} " + " ".join(f"w{word}" for word in row[:8])
        for number, row in zip(numbers, words, strict=True)
    ]
    return {WORDS: long, 8: short}


def verdicts(context, state, rows):
    """Draw the verdicts, part by part, and commit them; every other artifact that `write` needs is empty."""
    chance = np.random.default_rng(SEED)
    topics, schema = max(rows // TOPIC, 1), with_opinions(SCHEMA, ["dense"], after="score")
    start = 0
    for number, queries in enumerate(context.work.queries_per_part()):
        own = np.arange(start, start + queries)
        start += queries
        same = own[:, None] % topics + topics * chance.integers(0, rows // topics, (queries, 20))
        other = chance.integers(0, rows, (queries, CANDIDATES - 20))
        frame = _rows(own, np.concatenate([own[:, None], same, other], axis=1))
        context.work.write_part(VERDICTS, number, table(frame, schema), state.identity)
    return number + 1


def _rows(own, docs):
    count = docs.shape[1]
    frame = pl.DataFrame(
        {
            "query_id": np.repeat([f"q{n}" for n in own], count),
            "doc_id": [f"c{n}" for n in docs.ravel()],
            "rank": np.tile(np.arange(1, count + 1), len(own)),
            "is_positive": docs.ravel() == np.repeat(own, count),
        }
    ).unique(["query_id", "doc_id"], keep="first", maintain_order=True)
    reason = (
        pl.when("is_positive").then(pl.lit("is_positive"))
        .when(pl.col("rank") <= 4).then(pl.lit("near_duplicate_of_positive"))
        .when(pl.col("rank") <= 10).then(pl.lit("too_close_to_positive"))
    )  # fmt: skip
    empty = ["positive_similarity", "positive_similarity_mean", "centroid_similarity", "owner_query_similarity",
             "same_parent", "contains_answer", "judge_verdict"]  # fmt: skip
    score = 1 - pl.col("rank") / 100
    return frame.with_columns(
        pl.when("is_positive").then(pl.lit("positive")).otherwise(pl.lit("unlabeled")).alias("label"),
        score.alias("score"), score.alias("dense_score"), pl.col("rank").alias("dense_rank"),
        pl.lit(1.0).alias("positive_score"), reason.alias("reason"), reason.is_null().alias("kept"),
        *(pl.lit(None).alias(name) for name in empty),
    )  # fmt: skip


def made(folder, rows):
    """Return a work directory that is ready for `batch`."""
    work = folder / f"work-{rows}"
    if (work / "5-write" / "_manifest.json").exists():
        return work
    data = folder / f"data-{rows}"
    if not data.exists():
        collection(data, rows)
    flags = {"document_vectors": data / "documents.npy", "query_vectors": data / "queries.npy"}
    given = {"data": data, "retriever": ["dense"], "vector_dtype": "float16", "no_risk": True,
             "format": "n-tuple", "num_negatives": 5, **flags}  # fmt: skip
    negmine.index(work, **given)
    context = open_existing(work, given)
    plan = make_plan(context)
    with context.work.hold():
        for artifact in plan:
            state = {one.artifact.name: one for one in survey(context, plan)}[artifact.name]
            if artifact.stage in ("retrieve", "filter"):
                count = verdicts(context, state, rows) if artifact.name == VERDICTS else 0
                _commit(context, state, count)
    run(context, plan, ["retrieve", "filter"])  # all is fresh: the settings are remembered
    negmine.write(work, **given)
    return work


def _commit(context, state, count):
    artifact = state.artifact
    parts = context.work.describe(
        artifact.name, [part_name(n) for n in range(count)], state.identity
    )
    stats = {"candidates": 0, "kept": 0, "removed": {}, "judged_negatives_kept": 0}
    context.work.commit(
        Manifest(artifact.name, artifact.stage, name_of(artifact.schema) if artifact.schema else None,
                 state.identity, artifact.revision, state.settings, state.inputs,
                 sum(part["rows"] for part in parts), 0.0, parts, stats)
    )  # fmt: skip


def measure(work, by, size=64):
    """Run `batch` in a process of its own; return its answer, seconds, those of CPU, and peak memory in MB."""
    start = time.monotonic()
    command = [
        sys.executable,
        "-m",
        "negmine.cli",
        "batch",
        str(work),
        "--by",
        by,
        "--batch-size",
        str(size),
        "--json",
        "--force",
    ]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        env=os.environ | {"POLARS_MAX_THREADS": "2", "NEGMINE_VERIFY": "sizes"},
    )
    answer = json.loads(process.stdout.read())
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{answer['errors']}")
    cpu = used.ru_utime + used.ru_stime
    return answer["data"], time.monotonic() - start, cpu, used.ru_maxrss / 1024


def main():
    """Print a table; its last columns count in-batch false negatives, shuffled and composed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--rows", type=int, action="append")
    parser.add_argument("--by", choices=BY, action="append")
    chosen = parser.parse_args()
    head = (
        "rows",
        "by",
        "seconds",
        "of CPU",
        "ms of CPU a row",
        "peak MB",
        "in batches",
        "shuffled",
        "composed",
    )
    print(f"| {' | '.join(head)} |", "|---" * len(head) + "|", sep="\n")
    for rows in chosen.rows or (100_000, 1_000_000):
        work = made(chosen.work, rows)
        for by in chosen.by or BY:
            data, seconds, cpu, peak = measure(work, by)
            rows_made, found = data["rows"], data["false_negatives"]
            counts = (
                data["in_batches"],
                *(found[one]["false_negatives"] for one in ("shuffled", "composed")),
            )
            cells = [
                f"{rows_made:,}",
                by,
                f"{seconds:.0f}",
                f"{cpu:.0f}",
                f"{1000 * cpu / rows_made:.3f}",
            ]
            cells += [f"{peak:,.0f}", *(f"{count:,}" for count in counts)]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
