"""--fail-on: what it says, what it cannot mean, and when it fails."""

import pytest

from negmine.analysis.diff.gates import check_gates, read_gates
from negmine.analysis.diff.totals import MEASURES
from negmine.errors import GateNotMet, SettingsError


def totals(**known):
    return {**dict.fromkeys(MEASURES, 0.0), **known}


@pytest.mark.parametrize("said", ["nfr=0.02", "nfr>0.02", "nfr > 0.02", "nfr=2%", "nfr > 2 %"])
def test_a_limit_from_above(said):
    (gate,) = read_gates([said])
    assert (gate.name, gate.limit) == ("nfr", 0.02)
    check_gates([gate], totals(nfr=0.02))
    with pytest.raises(GateNotMet, match=r"nfr is 0.03, above 0.02"):
        check_gates([gate], totals(nfr=0.03))


@pytest.mark.parametrize("said", ["jaccard=0.5", "jaccard<0.5"])
def test_a_limit_from_below(said):
    gates = read_gates([said])
    check_gates(gates, totals(jaccard=0.5))
    with pytest.raises(GateNotMet, match=r"jaccard is 0.4, below 0.5"):
        check_gates(gates, totals(jaccard=0.4))


def test_all_failures_are_told_together():
    gates = read_gates(["nfr=0", "queries-went=0", "pfr=0"])
    with pytest.raises(GateNotMet, match=r"nfr is 0.1.*queries_went is 0.2") as told:
        check_gates(gates, totals(nfr=0.1, queries_went=0.2))
    assert "pfr" not in str(told.value)


def test_what_cannot_be_measured_is_not_met():
    with pytest.raises(GateNotMet, match="tau cannot be measured"):
        check_gates(read_gates(["tau=-1"]), totals(tau=None))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("nrf=0.1", "Did you mean 'nfr'"),
        ("xyzzy=1", "The names are jaccard"),
        ("nfr", "say a number"),
        ("nfr=many", "say a number"),
        ("nfr=nan", "say a number"),
        ("nfr=inf", "say a number"),
        ("nfr=-1", "between 0 and 1"),
        ("jaccard=80", "between 0 and 1"),
        ("tau=-2", "between -1 and 1"),
        ("nfr<0.1", "nfr>NUMBER"),
        ("jaccard>0.1", "jaccard<NUMBER"),
    ],
)
def test_limits_that_are_none_are_told(said, told):
    with pytest.raises(SettingsError, match=told):
        read_gates([said])
