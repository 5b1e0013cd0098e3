"""What the charts draw, from reports made by hand."""

import re

from negmine.analysis.report import charts
from negmine.analysis.report.sections.leak import Leak, LeakPoint, LeakRule


def leak(setting="max_risk", current=0.05):
    point = {"leak": 0.01, "leak_low": 0.0, "leak_high": 0.03, "got": 0.9, "hardness_z": 0.1}
    rule = {"leak": 0.0, "leak_low": 0.0, "leak_high": 0.033, "got": 0.9, "hardness": 0.5}
    return Leak(
        hide=0.5, seed=13, queries=22, queries_left_out=226, hidden=29, hidden_found=27,
        rules=[LeakRule(rules="all", leaked=0, selected=110, **rule)], by_rank=[],
        setting=setting, current=current,
        curve=[LeakPoint(value=value, **point) for value in (0.001, 0.01, 0.1, 1.0)],
        notes=["A note."],
    )  # fmt: skip


def texts(drawn):
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawn)


def test_the_axis_of_a_risk_has_plain_numbers():
    told = texts(charts.leak_curve(leak()))
    assert {"0.001", "0.01", "0.1", "1"} <= set(told)
    assert not [text for text in told if "$" in text or "\\" in text]
