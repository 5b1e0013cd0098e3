"""Property tests draw the same examples every day, unless new ones are asked for."""

import importlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties import EXPLORE, SAME_EVERY_DAY, share


def draws():
    """Run a property test and return its examples."""
    values = []

    @given(st.integers() | st.text() | st.floats(allow_nan=False))
    def remember(value):
        values.append(value)

    remember()
    return values


@pytest.mark.skipif(
    settings.get_current_profile_name() != SAME_EVERY_DAY, reason="new examples are asked for"
)
def test_the_same_examples_are_drawn_again_whatever_modules_are_loaded(tmp_path, monkeypatch):
    before = draws()
    assert len(set(before)) > 50
    (tmp_path / "of_no_import.py").write_text("NUMBERS = [4711, 9999991, 0.12345]\nTEXT = 'odd'\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("of_no_import")
    assert draws() == before


def test_no_profile_looks_at_a_clock():
    for name in (SAME_EVERY_DAY, EXPLORE):
        assert settings.get_profile(name).deadline is None


def test_a_slow_test_draws_a_share_of_the_profiles_examples():
    assert share(0.1).max_examples == settings.default.max_examples // 10
    assert share(0.0001).max_examples == 1
