"""How --grid is read, and what it refuses."""

import pytest

from negmine.errors import SettingsError
from negmine.stages.filter.leak.grid import MOST_CELLS, read_grid
from negmine.stages.filter.rules import SWEEPABLE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("relative_margin=0:0.3:0.1", {"relative_margin": [0.0, 0.1, 0.2, 0.3]}),
        ("--max-risk=0.5,0.1", {"max_risk": [0.1, 0.5]}),
        ("skip-top=0:4:2", {"skip_top": [0.0, 2.0, 4.0]}),
        ("relative_margin=0.05,none", {"relative_margin": [None, 0.05]}),
    ],
)
def test_grids_are_read(text, expected):
    assert read_grid([text]) == expected


@pytest.mark.parametrize(
    "texts",
    [
        [], ["max_risk=0:1:1e-300"], ["max_risk=0.5,7"], ["max_risk=0.1", "max_risk=0.2"],
        ["k=1:2:1"], ["max_risk"], ["max_risk=a,b"], ["max_risk=1:0:0.1"], ["max_risk=0:1:0"],
        ["max_risk=none"], ["max_risk=none:1:0.1"],
        [f"max_risk=0:{MOST_CELLS + 1}:1"],
    ],
)  # fmt: skip
def test_grids_that_are_none_are_refused(texts):
    with pytest.raises(SettingsError, match="--grid"):
        read_grid(texts)


def test_a_setting_that_cannot_vary_is_answered_with_those_that_can():
    with pytest.raises(SettingsError, match=f"'k' cannot vary. What can: {', '.join(SWEEPABLE)}"):
        read_grid(["k=1:2:1"])
