"""Which cell of a sweep is recommended, and why."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.analysis.sweep.recommend import reason, recommended

COLUMNS = ("max_risk", "leak", "leak_high", "yield", "hardness_z")


def cells(*rows):
    return pl.DataFrame(rows, dict.fromkeys(COLUMNS, pl.Float64), orient="row")


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        # none leaks much; the second is the hardest
        ([(None, 0.01, 0.03, 1, 0.1), (0.05, 0.0, 0.02, 0.95, 0.5)], 1),
        # the hardest leaks more than the lowest may
        ([(None, 0.1, 0.15, 1, 2.0), (0.05, 0.0, 0.02, 0.95, 0.5)], 1),
        # the hardest within the leak has too few negatives
        ([(0.01, 0.0, 0.02, 0.5, 0.9), (0.05, 0.01, 0.03, 1.0, 0.5)], 1),
        # what was not measured is left out
        ([(0.01, None, None, 0.0, None), (0.05, 0.5, 0.6, 1.0, 0.5)], 1),
        # equally hard: the one with more
        ([(0.01, 0.0, 0.02, 0.95, 0.5), (0.05, 0.0, 0.02, 1.0, 0.5)], 1),
    ],
)
def test_the_hardest_of_those_that_leak_no_more_than_the_lowest(rows, chosen):
    assert recommended(cells(*rows)).to_list() == [place == chosen for place in range(len(rows))]


def test_the_reason_names_flags_leak_and_bound():
    table = cells((None, 0.01, 0.03, 1, 0.5), (0.05, 0.0, 0.02, 0.95, 0.1))
    told = reason(table.with_columns(recommended(table)), ["max_risk"])
    assert told.startswith(
        "Recommended of these cells: --max-risk none. Its leak is 0.0100 (at most 0.0300), not clearly above "
        "the lowest of the grid (at most 0.0200)."
    )
    alone = cells((0.05, 0.0, 0.02, 0.95, 0.1))
    assert "lowest" not in reason(alone.with_columns(recommended(alone)), ["max_risk"])


def test_without_a_measured_leak_nothing_is_recommended():
    table = cells((0.05, None, None, 0.0, None))
    table = table.with_columns(recommended(table))
    assert not table["recommended"].any()
    assert "none is recommended" in reason(table, ["max_risk"])


SHARES = st.floats(0, 1)


@given(st.lists(st.tuples(SHARES, SHARES, SHARES, SHARES, st.floats(-3, 3)), min_size=1))
def test_exactly_one_is_recommended_and_no_cell_beats_it(rows):
    table = cells(*((risk, min(a, b), max(a, b), y, z) for risk, a, b, y, z in rows))
    seen = table.with_columns(recommended(table))
    (best,) = seen.filter("recommended").to_dicts()
    beats = (
        (pl.col("leak") <= best["leak"]) & (pl.col("yield") >= best["yield"])
        & (pl.col("hardness_z") > best["hardness_z"])
    )  # fmt: skip
    assert seen.filter(beats).is_empty()
