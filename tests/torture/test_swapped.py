"""Tables of another run in a work directory: named, never read as if they were its own.

A: a run. B: one of other documents, of equal shape. C: one of the same files and settings, in which the model
that writes has answered otherwise, so that only answers tell its tables from A's. Each artifact, stage and file
of B and C is laid into A. Analyses are right, or refuse; then `mine` ends with A's rows, or with C's where its
documents lie.
"""

import json
import shutil

import polars as pl
import pytest

import negmine
from negmine.errors import NegmineError
from tests.conftest import DOCUMENTS, write_beir
from tests.scorers.judge.server import answer, serving
from tests.stages.generate.writing import asked
from tests.torture.faults import FULL

ANSWERS = {"A": "A page about something else than", "C": "Of cats and dogs, and not of"}
STAGES = ("1-index", "2-retrieve", "2-generate", "4-filter", "5-write")


class Runs:
    """The three runs, and a copy of A into which tables of the others are laid."""

    def __init__(self, folder, server):
        self.folder, self.work, self.answers = folder, folder / "w", ANSWERS["A"]
        self.server, names = server, list(DOCUMENTS)
        moved = dict(zip(names, [*list(DOCUMENTS.values())[1:], DOCUMENTS[names[0]]], strict=True))
        self.data = {"A": write_beir(folder / "a"), "B": write_beir(folder / "b", moved)}
        self.data["C"] = self.data["A"]

    def mined(self):
        for name in "ABC":
            self.answers = ANSWERS.get(name, ANSWERS["A"])
            self.mine(self.folder / name, name)
        self.answers = ANSWERS["A"]
        self.rows = {name: rows_of(self.folder / name) for name in "ABC"}
        return self

    def mine(self, work, name="A"):
        negmine.mine(
            work, data=self.data[name], retriever=["bm25"], k=9, num_negatives=2, include="generated",
            generate_kind=["query-only"], generate_url=self.server.url, generate_model="m", generate_retries=0,
        )  # fmt: skip

    def says(self, request, number):
        return 200, answer(json.dumps({"text": f"{self.answers} {asked(request)[0]}"}))

    def laid(self, names, other):
        """Return A with these folders or files of another run."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.folder / "A", self.work)
        for name in names:
            theirs, ours = self.folder / other / name, self.work / name
            if theirs.is_dir():
                shutil.rmtree(ours)
                shutil.copytree(theirs, ours)
            else:
                shutil.copy(theirs, ours)
        return self.work


def rows_of(work):
    parts = sorted(work.glob("[2-5]-*/*/part-*.parquet"))
    return {str(path.relative_to(work)): pl.read_parquet(path).rows() for path in parts}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    script = {}
    with serving(lambda request, number: script["says"](request, number)) as server:
        runs = Runs(tmp_path_factory.mktemp("swapped"), server)
        script["says"] = runs.says
        yield runs.mined()


ANALYSES = {
    "explain": lambda work: negmine.explain(work, "q1"),
    "show": negmine.show,
    "leak": negmine.leak,
    "report": lambda work: negmine.report(work, leak=False).model_dump(exclude={"work", "ran"}),
}


def told(work):
    """Return what each analysis says; an error as its words."""
    said = {}
    for name, analysis in ANALYSES.items():
        try:
            said[name] = analysis(work)
        except NegmineError as error:
            said[name] = f"refused: {error}"
    return said


def same_or_refused(one, other):
    return (isinstance(one, str) and "negmine " in one) or str(one) == str(other)


def whole(runs, other):
    """Return every artifact and stage of a run, and both stages that hold what a model wrote."""
    made = runs.folder / other
    artifacts = [
        str(path.parent.relative_to(made)) for path in sorted(made.rglob("_manifest.json"))
    ]
    return [[name] for name in artifacts if "/" in name] + [[stage] for stage in STAGES]


def test_tables_of_a_run_of_other_documents(runs):
    right = told(runs.laid([], "A"))
    for names in whole(runs, "B"):
        said = told(runs.laid(names, "B"))
        assert not [name for name in said if not same_or_refused(said[name], right[name])], names
        runs.mine(runs.work)
        assert rows_of(runs.work) == runs.rows["A"], names


def test_single_files_of_a_run_of_other_documents(runs):
    files = [
        path.relative_to(runs.folder / "B")
        for path in sorted((runs.folder / "B").rglob("*"))
        if path.is_file() and (runs.folder / "A" / path.relative_to(runs.folder / "B")).exists()
    ]
    for name in files if FULL else files[::3]:
        work = runs.laid([name], "B")
        runs.mine(work)
        assert rows_of(work) == runs.rows["A"], name


def test_tables_of_equal_settings_and_other_answers(runs):
    """Once they were fresh: rows of A's and C's answers stood side by side."""
    for names in [*whole(runs, "C"), ["2-generate", "4-filter", "5-write"]]:
        work = runs.laid(names, "C")
        told(work)
        runs.mine(work)
        theirs = set(names) & {"2-generate", "2-generate/documents"}
        assert rows_of(work) == runs.rows["C" if theirs else "A"], names
        assert {one.state for one in negmine.status(work)} == {"fresh"}
