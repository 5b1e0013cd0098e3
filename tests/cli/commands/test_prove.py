"""`negmine prove` on real data: scifact-mini, which lies in the repository, and stackfaq, where it is there."""

import json
import warnings
from pathlib import Path

import pytest

import negmine
from negmine.analysis.report.render import html
from negmine.storage.small_json import read_sealed
from tests.bench.collections import wordllama
from tests.cli.conftest import answer, invoke

MINI = Path(__file__).parents[3] / "examples/scifact-mini"
FEW_STEPS = ("--max-steps", 4, "--learning-rate", 0.01, "--train-batch-size", 32, "--device", "cpu")


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    pytest.importorskip("wordllama", reason="the static model's package is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sentence-transformers' old names
        return wordllama(tmp_path_factory.mktemp("student") / "wordllama-256")


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mini") / "work"
    negmine.mine(folder, data=MINI, retriever="bm25")
    return folder


@pytest.fixture(scope="module")
def proven(mini, student):
    """The answer of `prove` on scifact-mini, with a recipe of its own."""
    return answer(
        "prove", mini, "--student", student, "--seeds", 2, *FEW_STEPS,
        "--recipe", "deep=--skip-top 10 --no-near-duplicate",
    )  # fmt: skip


def test_scifact_mini_is_split_trained_on_and_compared(proven):
    rows = {row["recipe"]: row for row in proven["recipes"]}
    assert set(rows) == {"in-batch", "random", "margin", "work", "deep", "untrained"}
    assert proven["queries"]["tested"] + proven["queries"]["trained"] == 248
    assert proven["queries"]["tested"] in range(40, 51)
    assert rows["deep"]["settings"] == {"skip_top": 10, "no_near_duplicate": True}
    assert rows["margin"]["difference"] is None
    assert all(0.2 < row["ndcg@10"] < 1 for row in rows.values())
    assert len(proven["differences"]) == 10
    assert proven["verdict"]
    assert proven["visible"] > 0


@pytest.mark.parametrize("width", [60, 80, 140])
def test_table_and_verdict_fit_the_terminal(mini, student, proven, width):
    shown = invoke(
        "prove", mini, "--student", student, "--seeds", 2, *FEW_STEPS,
        "--recipe", "deep=--skip-top 10 --no-near-duplicate", width=width,
    )  # fmt: skip
    assert shown.exit_code == 0, shown.output
    for piece in ("in-batch", "untrained", "nDCG@10", "smallest difference"):
        assert piece in " ".join(shown.output.split())
    lines = [line for line in shown.stdout.splitlines() if "training" not in line]
    assert max(map(len, lines)) <= width


def test_the_report_has_the_result_with_its_curves(mini, proven):
    report = negmine.report(mini, leak=False)
    assert report.proof.is_current
    assert [row.recipe for row in report.proof.recipes] == [
        row["recipe"] for row in proven["recipes"]
    ]
    curve = next(row.curve for row in report.proof.recipes if row.recipe == "work")
    assert [point.step for point in curve] == [0, 1, 2, 3, 4]
    page = html(report)
    assert "Students while they learn" in page
    assert proven["verdict"][0].split(":")[0] in page


def test_a_result_that_is_no_result_is_no_section(mini, proven):
    file = mini / "prove/result.json"
    kept, result = file.read_text(), read_sealed(file)
    try:
        for text in ("[]", "{}", '{"recipes": [1]}', "{", "[" * 100_000):
            file.write_text(text)
            assert negmine.report(mini, leak=False).proof is None
        file.write_text(json.dumps(result | {"made_from": "others"}))
        assert not negmine.report(mini, leak=False).proof.is_current
    finally:
        file.write_text(kept)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "Give --student MODEL"),
        (("--student", "no/model/here"), "--student no/model/here does not exist"),
        (("--student", "STUDENT", "--recipe", "x"), "say NAME='FLAGS'"),
        (("--student", "STUDENT", "--recipe", "a b="), "a name has letters"),
        (("--student", "STUDENT", "--max-length", "9"), "Leave --max-length"),
        (("--student", "STUDENT", "--recipe", "x=--k 3"), "No such option: --k"),
        (("--student", "STUDENT", "--against", "best"), "--against best"),
        (("--student", "STUDENT", "--holdout", "2"), "--holdout"),
        (("--student", "STUDENT", "--holdout", "0.05"), "--allow-few"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(mini, student, flags, words):
    given = [str(student) if flag == "STUDENT" else flag for flag in flags]
    done = invoke("prove", mini, *given)
    assert done.exit_code in (1, 2)
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.output


def test_stackfaq_where_queries_have_many_positives(tmp_path, student, collections):
    negmine.mine(
        tmp_path / "w", data=collections / "stackfaq", title=False, retriever="bm25"
    )  # no encoder: it would take most of the time
    told = answer("prove", tmp_path / "w", "--student", student, "--seeds", 1, *FEW_STEPS)
    assert told["queries"]["pairs"] > 4 * told["queries"]["trained"]
    assert told["queries"]["groups"] < told["queries"]["tested"]
    rows = {row["recipe"]: row for row in told["recipes"]}
    assert rows["random"]["conflicts"] > rows["in-batch"]["conflicts"] > 0
