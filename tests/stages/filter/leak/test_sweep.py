"""The sweep: every cell is what `leak` says of the same settings."""

import numpy as np
import pytest
from typer.testing import CliRunner

import negmine
from negmine.cli.app import app
from negmine.stages.filter.leak import sweep
from negmine.stages.filter.leak.sweep import pareto
from negmine.stages.filter.rules import SWEEPABLE
from tests.stages.filter.risk.circle import write_circle
from tests.stages.filter.rules.examples import half


@pytest.fixture(scope="module")
def circle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("circle")
    negmine.mine(folder / "w", **write_circle(folder / "data", queries=40, positives=8))
    return folder / "w"


GRIDS = [
    {"relative_margin": [0.0, 0.05, 0.2], "max_risk": [0.02, 0.3, 1.0]},
    {"absolute_margin": [0.0, 0.1], "skip_top": [0, 3]},
    {"near_duplicate": [0.5, 0.9], "max_score": [0.65, 0.75]},
    {"min_score": [0.0, 0.62], "above_positive": [-0.05, 0.1]},
    {"iqr": [0.0, 1.5], "owner_query": [-1.0, 0.9]},
]
TRIED = {name for grid in GRIDS for name in grid}
# The settings of other rules are tried alone, with the value of their worked example and half of it.
GRIDS += [
    {name: [one.settings[name] for one in half(name)[0]]} for name in SWEEPABLE if name not in TRIED
]


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: "-".join(grid))
@pytest.mark.parametrize(
    "write",
    [{}, {"sampling": "random", "pool": 12}, {"order": "dense"}],
    ids=["top", "random", "order"],
)
def test_a_cell_is_what_leak_says(circle, grid, write):
    _compare(circle, grid, write)


def _compare(circle, grid, write):
    cells = negmine.sweep(circle, grid, **write)
    assert cells.height == np.prod([len(values) for values in grid.values()])
    for cell in (cells.row(0, named=True), cells.row(-1, named=True)):
        settings = {name: cell[name] for name in grid}
        row = negmine.leak(circle, **settings, **write)["rules"][-1]
        assert (cell["leaked"], cell["selected"]) == (row["leaked"], row["selected"]), settings
        if row["selected"]:
            assert cell["yield"] == pytest.approx(row["yield"], rel=1e-5)
            assert cell["hardness"] == pytest.approx(row["hardness"], rel=1e-4)
            assert cell["hardness_z"] == pytest.approx(row["hardness_z"], rel=1e-4, abs=1e-6)
            assert cell["mean_rank"] == pytest.approx(row["mean_rank"], rel=1e-5)
            assert cell["leak"] == pytest.approx(row["leak"], rel=1e-5)


def test_a_stricter_limit_never_gets_more(circle):
    cells = negmine.sweep(circle, {"max_risk": [0.001, 0.01, 0.05, 0.2, 1.0]})
    assert cells["selected"].is_sorted()


def test_the_front_is_what_no_other_beats():
    leak = np.array([0.1, 0.1, 0.0, 0.2, np.nan, 0.0])
    got = np.array([1.0, 0.9, 0.5, 1.0, 0.0, 0.5])
    hard = np.array([0.8, 0.8, 0.5, 0.9, np.nan, 0.5])
    assert pareto(leak, got, hard).tolist() == [True, False, True, True, False, True]


def test_the_command_shows_the_front(circle):
    result = CliRunner().invoke(app, ["sweep", str(circle), "--grid", "max_risk=0.01,0.1,1"])
    assert result.exit_code == 0, result.output
    assert "3 cells" in result.output
    assert CliRunner().invoke(app, ["sweep", str(circle)]).exit_code == 2


def test_none_is_the_rule_turned_off(circle):
    cells = negmine.sweep(circle, {"relative_margin": [None, 0.05], "max_risk": [0.02, None]})
    off = {"relative_margin": {"no_relative_margin": True}, "max_risk": {"no_risk": True}}
    for cell in cells.iter_rows(named=True):
        settings = {}
        for name, flags in off.items():
            settings |= flags if cell[name] is None else {name: cell[name]}
        row = negmine.leak(circle, **settings)["rules"][-1]
        assert (cell["leaked"], cell["selected"]) == (row["leaked"], row["selected"]), settings


def test_the_command_reads_and_shows_none(circle):
    flags = ["--grid", "relative_margin=none,0.05", "--grid", "max_risk=none,0.02", "--all"]
    shown = CliRunner().invoke(app, ["sweep", str(circle), *flags])
    assert shown.exit_code == 0
    table = shown.output.split("Recommended")[0]
    assert sum("none" in line for line in table.splitlines()) == 3
    assert "take" in table


OTHERS = [
    {"sampling": "softmax", "pool": 12},
    {"sampling": "cyclic"},
    {"sampling": "margin-bins"},
    {"sampling": "diverse", "pool": 12},
    {"per": "positive"},
]


@pytest.mark.parametrize("write", OTHERS, ids=lambda write: next(reversed(write.values())))
def test_a_cell_is_what_leak_says_under_samplings_that_the_kernel_does_not_know(circle, write):
    _compare(circle, GRIDS[0], write)


@pytest.mark.parametrize("write", [{}, {"sampling": "random", "pool": 12}], ids=["top", "random"])
def test_cell_by_cell_is_what_the_kernel_says(circle, monkeypatch, write):
    by_kernel = negmine.sweep(circle, GRIDS[0], **write)
    monkeypatch.setattr(sweep, "IN_KERNEL", ())
    assert negmine.sweep(circle, GRIDS[0], **write).equals(by_kernel)
