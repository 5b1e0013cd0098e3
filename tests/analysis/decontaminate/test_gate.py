"""The gate --max-contaminated: counts and shares."""

import pytest

from negmine.analysis.decontaminate.gate import check_gate, read_gate
from negmine.errors import GateNotMet, SettingsError


def measured(queries, rows=0, counted="queries"):
    return {
        "work": "work",
        "counted": counted,
        "contaminated": {"queries": queries, "rows": rows},
        "training": {"queries": 200, "rows": 1000},
    }


@pytest.mark.parametrize(
    ("text", "queries", "met"),
    [("0", 0, True), ("0", 1, False), ("3", 3, True), ("3", 4, False), ("0.01", 2, True),
     ("0.01", 3, False), ("1%", 2, True), ("1%", 3, False), ("1.0", 200, True), ("1", 2, False)],
)  # fmt: skip
def test_a_whole_number_is_a_count_and_others_are_shares(text, queries, met):
    gate = read_gate(text)
    if met:
        check_gate(gate, measured(queries))
    else:
        with pytest.raises(GateNotMet, match=f"--max-contaminated {text}"):
            check_gate(gate, measured(queries))


def test_rows_count_where_rows_would_be_dropped():
    check_gate(read_gate("0"), measured(0, 5))
    with pytest.raises(GateNotMet, match="5 of 1,000 rows"):
        check_gate(read_gate("0.001"), measured(0, 5, "rows"))


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "101%", "nan", "", "1e3"])
def test_what_is_no_limit_is_refused(text):
    with pytest.raises(SettingsError, match="as 0 or 3, or a share"):
        read_gate(text)


def test_without_a_gate_nothing_is_checked():
    check_gate(read_gate(None), measured(200, 1000))
