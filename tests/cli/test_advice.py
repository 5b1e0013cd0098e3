"""Flags that a command does not take are refused with what to do instead."""

import shlex

import pytest
from typer.main import get_command

from negmine.cli.app import app
from negmine.config.catalogue import ENTRIES
from negmine.config.settings import STAGES
from tests.cli.conftest import invoke

COMMANDS = get_command(app).commands


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        (
            "retrieve work --relative-margin 0.1",
            "--relative-margin belongs to the filter stage. Run: negmine filter work --relative-margin 0.1",
        ),
        (
            "filter work --format=n-tuple",
            "--format belongs to the write stage. Run: negmine write work --format=n-tuple",
        ),
        (
            "write --max-risk 0.1 work --force --no-relative-margin",
            "--max-risk and --no-relative-margin belong to the filter stage. "
            "Run: negmine filter work --max-risk 0.1 --no-relative-margin",
        ),
        (
            "explain work 42 --k 5",
            "--k belongs to the retrieve stage. Run: negmine retrieve work --k 5",
        ),
        ("judge-check work --iqr 1", "Run: negmine filter work --iqr 1"),
        (
            "rerank --no-title",
            "--no-title belongs to the index stage. Run: negmine index WORK --no-title",
        ),
        ("index work --query-prompt --x --k 3", "Run: negmine retrieve work --k 3"),
        ("retrieve work --stemmer 'a b'", "Run: negmine index work --stemmer 'a b'"),
        ("retrieve work '--stemmer=a b'", "--stemmer belongs to the index stage. "),
        ("retrieve work '--stemmer=a b'", "Run: negmine index work '--stemmer=a b'"),
        ("retrieve work --stemmer", "Run: negmine index work --stemmer STEMMER"),
        ("filter work --risk-learner linear", "--risk-learner is gone: "),
        (
            "mine work --margin 0.1",
            "Did you mean --relative-margin, --absolute-margin or --guide-margin?",
        ),
        ("retrieve work --margin 0.1", "or --guide-margin? They belong to the filter stage."),
        ("filter work --max-riks 0.1", "There is no flag --max-riks. Did you mean --max-risk?"),
        (
            "retrieve work --max-riks 0.1",
            "Did you mean --max-risk? It belongs to the filter stage.",
        ),
        ("filter work --qwertz 1", "There is no flag --qwertz. negmine settings WORD searches"),
        ("lint files --fail-no fault=0", "Did you mean --fail-on?"),
    ],
)
def test_a_flag_that_a_command_does_not_take_is_refused_with_advice(line, advice):
    done = invoke(*shlex.split(line))
    assert done.exit_code == 2
    assert advice in done.output


def test_two_stages_flags_are_refused_with_a_command_for_each():
    done = invoke("retrieve", "work", "--iqr", "2", "--relabel")
    assert "Run: negmine filter work --iqr 2\n" in done.output
    assert "Run: negmine write work --relabel\n" in done.output


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_takes_its_own_settings_and_the_few_it_depends_on(stage):
    accepted = {p.name for p in COMMANDS[stage].params}
    for entry in ENTRIES.values():
        belongs = entry.stage == stage or stage in entry.shared_with
        assert (entry.name in accepted) == belongs, entry.name
    assert {e.name for e in ENTRIES.values()} <= {p.name for p in COMMANDS["mine"].params}
    assert {e.name for e in ENTRIES.values()} <= {p.name for p in COMMANDS["status"].params}
