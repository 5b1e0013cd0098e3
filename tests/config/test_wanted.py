"""What a value should be, said in plain words, never in pydantic's."""

import pytest

import negmine
from negmine.config.settings import STAGES
from negmine.config.table import validated
from negmine.config.tables import stage_of_field
from negmine.errors import SettingsError


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("max_risk", 5.0, "give a number from 0 to 1. Say 0.05 for 5 %."),
        ("max_risk", -1.0, "give a number from 0 to 1."),
        ("max_leak", 2.5, "give a number above 0 and below 1. Say 0.025 for 2.5 %."),
        ("near_duplicate", 0.0, "give a number above 0 and at most 1."),
        ("iqr", -1.0, "give a number, 0 or more."),
        ("max_percentile", 101, "give a number from 0 to 100."),
        ("num_negatives", 0, "give a whole number from 1 to 10,000,000."),
        ("k", 0, "give a whole number from 1 to 10,000,000."),
        ("k", 2.5, "give a whole number."),
        ("on_error", "foo", "it must be 'stop' or 'skip'."),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_what_does(field, value, said):
    table = STAGES[stage_of_field(field)]
    with pytest.raises(SettingsError) as told:
        validated(table, {field: value}, str)
    assert str(told.value) == f"{field} {value!r}: {said}"


def test_every_bound_of_every_setting_is_told_in_words():
    fields = [
        (name, field) for table in STAGES.values() for name, field in table.model_fields.items()
    ]
    bounded = [
        name
        for name, field in fields
        if any(hasattr(one, "ge") or hasattr(one, "gt") for one in field.metadata)
    ]
    assert len(bounded) > 20
    for name in bounded:
        with pytest.raises(SettingsError, match=rf"^{name} -7: give a (whole )?number"):
            validated(STAGES[stage_of_field(name)], {name: -7}, str)


def test_the_python_functions_say_the_same(tmp_path):
    with pytest.raises(SettingsError, match=r"--max-risk 5: give a number from 0 to 1\. Say"):
        negmine.mine(tmp_path / "w", max_risk=5)
