"""--fail-on: what can be written, what is refused, and when a gate fails."""

import pytest

from negmine.analysis.diff.gates import check_gates, read_gates
from negmine.analysis.diff.totals import MEASURES
from negmine.errors import GateNotMet, SettingsError


def totals(**values):
    return {**dict.fromkeys(MEASURES, 0.0), **values}


@pytest.mark.parametrize("text", ["nfr=0.02", "nfr>0.02", "nfr > 0.02", "nfr=2%", "nfr > 2 %"])
def test_a_limit_from_above(text):
    (gate,) = read_gates([text])
    assert (gate.name, gate.limit) == ("nfr", 0.02)
    check_gates([gate], totals(nfr=0.02))
    with pytest.raises(GateNotMet, match=r"nfr is 0.03, above 0.02"):
        check_gates([gate], totals(nfr=0.03))


@pytest.mark.parametrize("text", ["jaccard=0.5", "jaccard<0.5"])
def test_a_limit_from_below(text):
    gates = read_gates([text])
    check_gates(gates, totals(jaccard=0.5))
    with pytest.raises(GateNotMet, match=r"jaccard is 0.4, below 0.5"):
        check_gates(gates, totals(jaccard=0.4))


def test_all_failures_are_in_one_message():
    gates = read_gates(["nfr=0", "queries-went=0", "pfr=0"])
    with pytest.raises(GateNotMet, match=r"nfr is 0.1.*queries_went is 0.2") as error:
        check_gates(gates, totals(nfr=0.1, queries_went=0.2))
    assert "pfr" not in str(error.value)


def test_what_cannot_be_measured_is_not_met():
    with pytest.raises(GateNotMet, match="tau cannot be measured"):
        check_gates(read_gates(["tau=-1"]), totals(tau=None))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nrf=0.1", "Did you mean 'nfr'"),
        ("xyzzy=1", "The names are jaccard"),
        ("nfr", "give a number"),
        ("nfr=many", "give a number"),
        ("nfr=nan", "give a number"),
        ("nfr=inf", "give a number"),
        ("nfr=-1", "between 0 and 1"),
        ("jaccard=80", "between 0 and 1"),
        ("tau=-2", "between -1 and 1"),
        ("nfr<0.1", "nfr>NUMBER"),
        ("jaccard>0.1", "jaccard<NUMBER"),
    ],
)
def test_limits_that_cannot_be_meant_are_refused(text, message):
    with pytest.raises(SettingsError, match=message):
        read_gates([text])
