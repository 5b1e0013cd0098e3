"""Texts of others in Markdown: nothing of them counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.data.markdown import MOST, inline


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cc-by-4.0", "cc-by-4.0"),
        ("# no heading", "# no heading"),
        ("a\n\n# heading", "a # heading"),
        ("[click](http://x)", r"\[click\](http://x)"),
        ("<img src=x>", r"\<img src=x\>"),
        ("a|b", r"a\|b"),
        ("`code` *bold* &amp;", r"\`code\` \*bold\* \&amp;"),
        ("back\\slash", r"back\\slash"),
        ("\x1b[31mred\u202e\u2028", r"\[31mred"),
        ("all-MiniLM_v2", "all-MiniLM_v2"),
        ("", ""),
    ],
)
def test_markup_of_others_is_words(text, shown):
    assert inline(text) == shown


@given(st.text())
def test_it_is_one_line_of_bounded_length_without_open_markup(text):
    told = inline(text)
    assert "\n" not in told
    assert "\r" not in told
    assert len(told) <= 2 * MOST
    bare = told.replace("\\\\", "")
    for mark in "`*<>[]|&":
        assert bare.count(mark) == bare.count(f"\\{mark}")


def test_a_long_text_is_cut():
    assert inline("x" * 5000) == "x" * (MOST - 1) + "…"
