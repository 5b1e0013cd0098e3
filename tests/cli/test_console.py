"""The console: usage errors in plain words, and what a pipe gets."""

import sys

import pytest

from negmine.cli.app import main
from tests.cli.conftest import invoke


@pytest.mark.parametrize(
    ("arguments", "message"),
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
def test_a_value_out_of_range_is_told_with_the_range(monkeypatch, capsys, arguments, message):
    monkeypatch.setattr(sys, "argv", ["negmine", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert capsys.readouterr().err.rstrip().endswith(message)


def test_a_pipe_gets_no_blanks_at_the_end_of_lines(work):
    for arguments in (("status", work), ("show", work), ("settings", "margin")):
        lines = invoke(*arguments).stdout.splitlines()
        assert lines
        assert [line for line in lines if line != line.rstrip()] == []


def test_a_library_that_ends_the_process_does_not_end_it_well(work, monkeypatch):
    """A plug-in that called sys.exit(0) made a command that was not done end with 0."""
    monkeypatch.setattr("negmine.api.show", lambda *_, **__: sys.exit(0))
    done = invoke("show", work)
    assert done.exit_code == 1
    assert "ended the command (sys.exit(0)): it is not done" in done.stderr
