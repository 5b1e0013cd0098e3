"""`negmine diff` as a person and a script meet it."""

import io
import json
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

import negmine
from negmine.analysis.diff.totals import MEASURES
from negmine.cli.app import app
from negmine.cli.render import diff as diff_views
from tests.analysis.diff.test_diff import circle, copied, grown  # noqa: F401
from tests.conftest import write_beir


def run(*arguments):
    return CliRunner().invoke(app, ["diff", *map(str, arguments)])


@pytest.fixture(scope="module")
def two(circle, tmp_path_factory):  # noqa: F811
    """The circle, and the circle with a stricter margin."""
    strict = copied(circle[0], tmp_path_factory.mktemp("two") / "strict")
    negmine.filter(strict, relative_margin=0.12)
    return circle[0], strict


def test_nothing_changed_is_one_line(two):
    done = run(two[0], two[0], "--fail-on", "nfr=0", "--fail-on", "jaccard=1")
    assert done.exit_code == 0, done.output
    assert "No difference in" in done.output
    assert "total" not in done.output


def test_runs_without_a_shared_query_are_not_compared(two, tmp_path):
    asked, judged = {"another": "how long do cats sleep"}, [("another", "cat-1", 1)]
    data = write_beir(tmp_path / "data", None, asked, judged)
    negmine.mine(tmp_path / "other", data=data, retriever=["bm25"])
    done = run(two[0], tmp_path / "other")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    first = lines.index("no query is shared: nothing to compare")
    assert lines[first + 1].startswith("queries that went: ")
    assert not any("made differently" in line for line in lines[:first])
    for absent in ("jaccard", "Kendall", "both", "No difference"):
        assert absent not in done.output


def test_every_section_is_shown(two):
    done = run(*two)
    assert done.exit_code == 0, done.output
    for word in (
        "made differently", "relative-margin", "the negatives of one", "too_close_to_positive",
        "Kendall", "B minus A", "changed most", "question ", *MEASURES,
    ):  # fmt: skip
        assert word in done.output, word


def test_a_gate_fails_after_everything_was_shown(two):
    done = run(*two, "--fail-on", "nfr=0.001", "--fail-on", "jaccard<0.01")
    assert done.exit_code == 3
    assert "made differently" in done.output
    assert "nfr is" in done.stderr
    assert "jaccard is" not in done.stderr


def test_the_envelope_holds_the_numbers_when_a_gate_fails(two):
    done = run(*two, "--fail-on", "nfr=0.001", "--json")
    envelope = json.loads(done.stdout)
    assert done.exit_code == envelope["exit_code"] == 3
    assert envelope["errors"][0]["kind"] == "GateNotMet"
    assert envelope["data"]["totals"] == negmine.diff(*two)["totals"]


def test_a_wrong_name_costs_no_work(tmp_path):
    done = run(tmp_path / "absent", tmp_path / "absent", "--fail-on", "nrf=1")
    assert done.exit_code == 2
    assert "Did you mean 'nfr'" in done.stderr


def test_fewer_queries_are_shown(two):
    assert run(*two, "--limit", "1").output.count("question ") == 1
    assert "changed most" not in run(*two, "--limit", "0").output


@pytest.mark.parametrize("width", [60, 120])
def test_a_table_fits_its_terminal(tmp_path, width):
    found = negmine.diff(*grown(tmp_path, tmp_path))
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(diff_views.diff(found, width))
    lines = console.export_text().splitlines()
    assert [line for line in lines if cell_len(line) > width] == []
    shown = "".join(lines)
    for count in ("queries that went: q8", "queries that came: q9", "unlabeled"):
        assert count in shown
    for row in found["flips"]:
        assert row["from"] in shown


DOCS = Path(__file__).parents[3] / "docs" / "reference"


def test_every_total_is_in_the_docs_and_in_the_result(two):
    page = (DOCS / "diff.md").read_text(encoding="utf-8")
    assert [name for name in MEASURES if f"`{name}`" not in page] == []
    assert list(negmine.diff(*two)["totals"]) == list(MEASURES)


def test_every_field_of_the_json_is_in_the_docs(two):
    page = (DOCS / "json-output.md").read_text(encoding="utf-8")
    section = page.split("\n## diff\n")[1].split("\n## ")[0]
    found = negmine.diff(*two)
    lists = [rows for name, rows in found.items() if isinstance(rows, list) and name != "notes"]
    parts = [found["a"], found["setup"], found["queries"], found["rows"], found["negatives"]]
    names = {*found, *(key for part in parts for key in part)}
    names |= {key for rows in lists for row in rows for key in row}
    assert sorted(name for name in names if f"`{name}`" not in section) == []
