"""`--fail-on`: exit code 3 where a rule has more findings than its limit."""

import json

import pytest

import negmine
from negmine.analysis.lint.rules import RULES
from negmine.errors import GateNotMet
from tests.analysis.lint.command import invoke
from tests.analysis.lint.writers import clean, write


@pytest.mark.parametrize(
    ("gates", "code"),
    [
        (["same_text_as_query=0"], 3),
        (["same_text_as_query=1"], 0),
        (["same_text_as_query=1%"], 0),
        (["same_text_as_query=0.001"], 3),
        (["same_text_as_query=0.1%"], 3),
        (["fault=0"], 3),
        (["fault=3", "hub_negative=20"], 0),
        (["fault=3", "hub_negative=10%"], 0),
        (["fault=3", "hub_negative=5%"], 3),
        (["guide_inverted=0"], 3),
    ],
)
def test_gates(faulty, gates, code):
    done = invoke(faulty, "--json", *(word for gate in gates for word in ("--fail-on", gate)))
    envelope = json.loads(done.stdout)
    assert done.exit_code == envelope["exit_code"] == code
    assert len(envelope["data"]["rules"]) == len(RULES)  # the findings are given all the same
    if code:
        assert envelope["errors"][0]["kind"] == "GateNotMet"
        assert f"--fail-on {gates[-1]}" in done.stderr


def test_a_gate_on_every_fault_passes_a_clean_file(tmp_path):
    path, _ = write(tmp_path, clean(), "triplet", ".jsonl")
    assert invoke(path, "--fail-on", "fault=0").exit_code == 0
    with pytest.raises(GateNotMet, match="noisy_positive was not checked"):
        negmine.lint(path, fail_on=["noisy_positive=0"])


def test_a_gate_says_what_was_found_and_what_was_allowed(faulty):
    with pytest.raises(GateNotMet) as error:
        negmine.lint(faulty, fail_on=["hub_negative=3", "hub_negative=1%"])
    assert str(error.value).splitlines() == [
        "hub_negative: 15 findings, more than 3 (--fail-on hub_negative=3)",
        "hub_negative: a share of 0.0882, more than 0.01 (--fail-on hub_negative=1%)",
    ]


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ("same_text=0", "Did you mean 'same_text_as"),
        ("fault", "write RULE=LIMIT"),
        ("fault=many", "a count (0, 25) or a share (0.01, 1%)"),
        ("fault=-1", "a count"),
        ("fault=1.5", "at most 1"),
        ("fault=nan", "a count"),
    ],
)
def test_a_gate_that_cannot_be_read_is_refused_before_anything_else(gate, message):
    done = invoke("absent.jsonl", "--fail-on", gate)
    assert done.exit_code == 2
    assert message in done.stderr
