"""Usage errors in plain words."""

import sys

import pytest

from negmine.cli.app import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "w", "--queries", "0"], "'--queries': give a whole number, 1 or more."),
        (["show", "w", "--queries", "x"], "'--queries': give a whole number."),
        (["report", "w", "--sample", "99"], "'--sample': give a whole number from 0 to 60."),
        (
            ["report", "w", "--recall-floor", "50"],
            "'--recall-floor': give a number from 0 to 1. Say 0.5 for 50 %.",
        ),
        (["mine", "w", "--on-error", "foo"], "'foo' is not one of 'stop', 'skip'."),
    ],
)
def test_a_value_out_of_range_is_told_with_the_range(monkeypatch, capsys, arguments, said):
    monkeypatch.setattr(sys, "argv", ["negmine", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert capsys.readouterr().err.rstrip().endswith(said)
