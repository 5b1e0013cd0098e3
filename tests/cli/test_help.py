"""Help that fits a screen."""

import re

import pytest
from typer.main import get_command

from negmine.cli.app import app
from negmine.config.catalogue import ENTRIES
from negmine.config.naming import flag
from tests.cli.conftest import invoke

COMMANDS = get_command(app).commands


def flags_in(text):
    return set(re.findall(r"(?m)^  (--[a-z0-9-]+)", text))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("width", "most"), [(100, 60), (80, 80)])
def test_the_short_help_of_every_command_fits_one_or_two_screens(command, width, most):
    lines = invoke(command, "--help", width=width).output.splitlines()
    assert len(lines) <= most
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("command", COMMANDS)
def test_a_narrow_terminal_cuts_no_name_of_a_flag(command):
    shown = invoke(command, "--help-all", width=60).output
    names = {o for p in COMMANDS[command].params for o in p.opts if o.startswith("--")}
    assert names <= set(re.findall(r"--[a-z0-9-]+", shown))
    assert max(map(len, shown.splitlines())) <= 60


def test_the_list_of_commands_names_every_command_under_a_heading():
    shown = invoke("--help", width=80).output
    for command in COMMANDS:
        assert re.search(rf"(?m)^  {command}  ", shown), command
    for heading in ("Mine:", "Stage by stage:", "Look at a run:", "Measure:", "Other:"):
        assert heading in shown


@pytest.mark.parametrize("command", ["mine", "index", "filter"])
def test_the_short_help_counts_the_flags_that_it_leaves_out(command):
    short, full = (
        flags_in(invoke(command, option, width=100).output) for option in ("--help", "--help-all")
    )
    left_out = int(re.search(r"(\d+) more flags", invoke(command, "--help", width=100).output)[1])
    assert short < full
    assert len(full) - len(short) == left_out
    assert "more flags" not in invoke(command, "--help-all").output


def test_mine_shows_the_essentials_of_all_stages_and_knows_every_setting():
    short, full = (flags_in(invoke("mine", o, width=100).output) for o in ("--help", "--help-all"))
    for entry in ENTRIES.values():
        assert (flag(entry.name) in short) == (entry.essential is True), entry.name
        assert flag(entry.name) in full


def test_a_stage_shows_its_own_essentials_and_those_that_every_command_shows():
    shown = flags_in(invoke("filter", "--help", width=100).output)
    assert {"--score", "--skip-top", "--relative-margin", "--num-negatives", "--memory"} <= shown
    assert not {"--order", "--device", "--k", "--format"} & shown


def test_the_short_help_has_the_first_sentence_and_the_default_of_a_setting():
    short = " ".join(invoke("filter", "--help", width=120).output.split())
    full = " ".join(invoke("filter", "--help-all", width=120).output.split())
    assert "|anchor| * margin. Default: 0.05" in short
    assert "The anchor is the query's lowest positive score" not in short
    assert "The anchor is the query's lowest positive score" in full
    assert "such as 800MB or 16GB. [default: 4GB]" in short


@pytest.mark.parametrize("command", ["", "mine", "lint"])
def test_the_word_help_is_as_good_as_the_flag(command):
    wanted = invoke(*command.split(), "--help")
    asked = invoke("help", *command.split())
    assert (asked.exit_code, asked.output) == (0, wanted.output)


def test_help_for_no_command_is_refused():
    done = invoke("help", "mien")
    assert done.exit_code == 2
    assert "No such command 'mien'" in done.output
