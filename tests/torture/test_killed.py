"""SIGKILL in commands with tables of their own: written negatives, labels, tokens, a later round."""

import json
import shutil

import polars as pl
import pytest

from tests import killed
from tests.conftest import write_beir
from tests.models.tiny import multi_vector_model, static_model
from tests.scorers.judge.server import answer, serving
from tests.stages.generate.writing import asked
from tests.torture.faults import FULL

SMALL_PARTS = "import negmine.config.memory as e; e.PART_QUERIES = 2; e.PART_DOCUMENTS = 8"
LABELS = "query-id\tcorpus-id\tscore\nq1\ttea-3\t1\nq2\tcat-2\t0\n"
KINDS = ("written", "labels", "tokens", "round")


def run(arguments, folder, last=0):
    return killed.negmine(arguments, folder, last, SMALL_PARTS)


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    """Return what each kind gives (a command, and one that follows it), as functions of a work directory."""
    folder = tmp_path_factory.mktemp("killed")
    data, labels = write_beir(folder / "beir"), folder / "labels.tsv"
    labels.write_text(LABELS)
    late, dense = str(multi_vector_model(folder / "late")), str(static_model(folder / "static"))

    def says(request, number):
        text = f"A page about something else than {asked(request)[0]}"
        return 200, answer(json.dumps({"text": text}))

    with serving(says) as server:
        bm25 = ["--data", data, "--retriever", "bm25", "--num-negatives", 2]
        bm25 += [
            "--generate-kind",
            "query-only",
            "--generate-url",
            server.url,
            "--generate-model",
            "m",
        ]
        assert run(["mine", folder / "base", *bm25], folder / "base").returncode == 0
        tokens = [
            "--data",
            data,
            "--retriever",
            "late",
            "--late-model",
            late,
            "--late-scope",
            "all",
        ]
        tokens += ["--late-index", "flat", "--device", "cpu", "--min-recall", 0]
        later = ["--since", folder / "base", "--round", 2, "--retriever", "bm25", "--model", dense]
        later += ["--retriever", "dense", "--device", "cpu"]
        yield (
            folder / "base",
            {
                "written": lambda work: [["write", work, "--include", "generated"]],
                "labels": lambda work: [["label", work, labels], ["mine", work, *bm25]],
                "tokens": lambda work: [["mine", work, *tokens]],
                "round": lambda work: [["mine", work, *later]],
            },
        )


def rows_of(work):
    parts = sorted(work.glob("[1-6]-*/*/part-*.parquet"))
    return {str(path.relative_to(work)): pl.read_parquet(path).rows() for path in parts}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_commands_again_end_with_the_same_rows(kind, commands, tmp_path):
    base, every = commands

    def laid(name):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
        if kind in ("written", "labels"):
            shutil.copytree(base, tmp_path / name)
        return tmp_path / name

    calm = laid("calm")
    done = [run(command, calm) for command in every[kind](calm)]
    assert [one.returncode for one in done] == [0] * len(done), done[-1].stderr
    steps, kills = killed.steps(done[0]), 0
    for last in range(1, steps, 7) if FULL else [steps // 2]:
        work = laid("hit")
        first, *_ = every[kind](work)
        kills += killed.was_killed(run(first, work, last))
        for command in every[kind](work):
            again = run(command, work)
            assert again.returncode == 0, again.stderr
        assert rows_of(work) == rows_of(calm), last
        assert not [*work.rglob(".partial"), *work.rglob("*.tmp")]
    assert kills
