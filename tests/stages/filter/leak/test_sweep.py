"""The sweep: every cell is what `leak` says of the same settings."""

import numpy as np
import pytest
from typer.testing import CliRunner

import negmine
from negmine.cli.app import app
from negmine.errors import SettingsError
from negmine.stages.filter.leak.sweep import GRIDDED, MOST_CELLS, pareto, read_grid
from tests.stages.filter.risk.circle import write_circle


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


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: "-".join(grid))
@pytest.mark.parametrize(
    "write",
    [{}, {"sampling": "random", "pool": 12}, {"order": "dense"}],
    ids=["top", "random", "order"],
)
def test_a_cell_is_what_leak_says(circle, grid, write):
    cells = negmine.sweep(circle, grid, **write)
    assert cells.height == np.prod([len(values) for values in grid.values()])
    for cell in (cells.row(0, named=True), cells.row(-1, named=True)):
        settings = {name: cell[name] for name in grid}
        said = negmine.leak(circle, **settings, **write)["rules"][-1]
        assert (cell["sold"], cell["selected"]) == (said["sold"], said["selected"]), settings
        if said["selected"]:
            assert cell["yield"] == pytest.approx(said["yield"], rel=1e-5)
            assert cell["hardness"] == pytest.approx(said["hardness"], rel=1e-4)
            assert cell["hardness_z"] == pytest.approx(said["hardness_z"], rel=1e-4, abs=1e-6)
            assert cell["mean_rank"] == pytest.approx(said["mean_rank"], rel=1e-5)
            assert cell["leak"] == pytest.approx(said["leak"], rel=1e-5)


def test_every_setting_that_can_vary_is_tried_above():
    assert {name for grid in GRIDS for name in grid} == GRIDDED.keys()


def test_a_stricter_limit_never_gets_more(circle):
    cells = negmine.sweep(circle, {"max_risk": [0.001, 0.01, 0.05, 0.2, 1.0]})
    assert cells["selected"].is_sorted()


def test_the_front_is_what_no_other_beats():
    leak = np.array([0.1, 0.1, 0.0, 0.2, np.nan, 0.0])
    got = np.array([1.0, 0.9, 0.5, 1.0, 0.0, 0.5])
    hard = np.array([0.8, 0.8, 0.5, 0.9, np.nan, 0.5])
    assert pareto(leak, got, hard).tolist() == [True, False, True, True, False, True]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("relative_margin=0:0.3:0.1", {"relative_margin": [0.0, 0.1, 0.2, 0.3]}),
        ("--max-risk=0.5,0.1", {"max_risk": [0.1, 0.5]}),
        ("skip-top=0:4:2", {"skip_top": [0.0, 2.0, 4.0]}),
    ],
)
def test_grids_are_read(said, expected):
    assert read_grid([said]) == expected


@pytest.mark.parametrize(
    "said",
    [
        [], ["max_risk=0:1:1e-300"], ["max_risk=0.5,7"], ["max_risk=0.1", "max_risk=0.2"],
        ["k=1:2:1"], ["max_risk"], ["max_risk=a,b"], ["max_risk=1:0:0.1"], ["max_risk=0:1:0"],
        [f"max_risk=0:{MOST_CELLS + 1}:1"],
    ],
)  # fmt: skip
def test_grids_that_are_none_are_told(said):
    with pytest.raises(SettingsError, match="--grid"):
        read_grid(said)


def test_the_command_shows_the_front(circle):
    told = CliRunner().invoke(app, ["sweep", str(circle), "--grid", "max_risk=0.01,0.1,1"])
    assert told.exit_code == 0, told.output
    assert "3 cells" in told.output
    assert CliRunner().invoke(app, ["sweep", str(circle)]).exit_code == 2
