"""A grid of cells: a table where it fits, else lines, and no cell is ever cut."""

import io

import pytest
from rich.console import Console

from negmine.cli.render.grid import grid

HEADER = ("rules", "leak", "leaked")
ROWS = [("no rule", "0.2091", "23 of 110"), ("near_duplicate_of_positive", "0.0636", "7 of 110")]


def shown(width, **options):
    target = io.StringIO()
    Console(file=target, width=width).print(grid(HEADER, ROWS, width, **options))
    return [line.rstrip() for line in target.getvalue().splitlines()]


@pytest.mark.parametrize("width", [30, 44, 46, 80])
def test_every_cell_is_there_at_every_width(width):
    text = " ".join(" ".join(shown(width)).split())
    for row in ROWS:
        for cell in row:
            assert cell in text
    assert max(map(len, shown(width))) <= width


def test_a_table_has_a_line_for_each_row_and_numbers_to_the_right():
    assert shown(80) == [
        "rules                         leak     leaked",
        "no rule                     0.2091  23 of 110",
        "near_duplicate_of_positive  0.0636   7 of 110",
    ]


def test_a_table_that_fits_with_single_gaps_is_still_a_table():
    assert len(shown(43)) == 3
    assert shown(43)[0].startswith("rules ")


def test_where_no_table_fits_a_row_is_named_and_its_cells_stand_below():
    assert shown(40)[:2] == ["no rule", "    leak 0.2091, leaked 23 of 110"]
    assert shown(40, left=0, keys=2)[:2] == ["rules no rule, leak 0.2091", "    leaked 23 of 110"]


def test_the_last_column_may_take_several_lines():
    target = io.StringIO()
    rows = [("a", "one two three four five six")]
    Console(file=target, width=22).print(grid(("x", "why"), rows, 22, left=1, wraps=True))
    assert "one two three four" in target.getvalue()
    assert "five six" in target.getvalue()
