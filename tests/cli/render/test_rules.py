"""The rules in force, by where they come from."""

from negmine.cli.render.rules import rules_in_force
from tests.configs import resolve


def lines(flags, remembered=None):
    config = resolve(flags, remembered=resolve(remembered or {}))
    return rules_in_force([rule._asdict() for rule in config.in_force("filter", "write")])


def test_every_origin_has_its_line_and_settings_are_written_as_flags():
    flags, remembered, default = lines({"max_risk": 0.02}, {"num_negatives": 3, "relabel": False})
    assert flags == "filter and write settings (flags): --max-risk 0.02"
    assert remembered == "filter and write settings (work directory): --num-negatives 3"
    assert default.startswith("filter and write settings (default): --score dense")
    assert "--format triplet" in default


def test_defaults_that_change_nothing_are_left_out():
    plain = "".join(lines({"retriever": ("bm25",)}))
    for name in (
        "--judge-",
        "--guide-",
        "--risk-",
        "--pool",
        "--seed",
        "--skip-top",
        "--eval-",
        "--suspect",
    ):
        assert name not in plain
    assert "--pool 50" in "".join(lines({"sampling": "random"}))
    assert "--suspect-reference known" in "".join(lines({"suspect_neighbours": 3}))
    assert "--guide-margin-type relative" in "".join(lines({"guide_model": ("m",)}))


def test_a_switch_and_a_list_are_written_as_on_a_command_line():
    text = lines({"no_risk": True, "language": ("en", "de")})[0]
    assert text == "filter and write settings (flags): --no-risk, --language en, --language de"


def test_a_value_with_blanks_is_quoted_as_on_a_command_line():
    text = lines({"format": ("swift",), "instruction": "Find the answer: "})[0]
    assert (
        text
        == "filter and write settings (flags): --format swift, --instruction 'Find the answer: '"
    )
