"""How counts are named."""

import io

import polars as pl
import pytest
from rich.console import Console

from negmine.cli.progress import TerminalProgress
from negmine.cli.render.sweep import sweep
from negmine.config.naming import counted, nearest
from negmine.config.tables import all_fields


@pytest.mark.parametrize(
    ("number", "names", "said"),
    [
        (1, "rows", "1 row"), (0, "rows", "0 rows"), (1, "queries", "1 query"), (1, "cells", "1 cell"),
        (2000, "queries", "2,000 queries"),
    ],
)  # fmt: skip
def test_one_is_no_plural(number, names, said):
    assert counted(number, names) == said


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("margin", " Did you mean 'relative_margin', 'absolute_margin' or 'guide_margin'?"),
        ("negatives", " Did you mean 'given_negatives', 'judged_negatives' or 'num_negatives'?"),
        ("max_rsik", " Did you mean 'max_risk'?"),
        ("qqqq", ""),
        ("", ""),
    ],
)
def test_names_that_have_the_word_are_nearest(name, hint):
    assert nearest(name, all_fields()) == hint


def test_the_results_of_commands_count_so(capsys):
    cells = pl.DataFrame(
        {"max_risk": [0.1], "pareto": [True], "leak": [0.1], "leak_high": [0.2], "yield": [1.0]}
        | {"hardness_z": [0.0], "hardness": [0.0], "mean_rank": [1.0], "recommended": [False]}
    )
    target = io.StringIO()
    Console(file=target, width=120).print(sweep(cells, ["max_risk"], True, 120, "Take it."))
    assert "1 cell; 1 is not beaten" in target.getvalue()
    TerminalProgress(quiet=False).end("1-index/corpus", "made", 1, 0.0)
    assert "1-index/corpus: 1 row in 0.0 s" in capsys.readouterr().err
