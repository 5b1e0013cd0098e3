"""What "the same text" means."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.data.texts import normalise, rendered, text_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello  World", "hello world"),
        ("Stra\u00dfe", "STRASSE"),
        ("\ufb01ne", "fine"),
        ("\u00e9", "e\u0301"),
        ("\uff21\uff22\uff23", "abc"),
        (" a\u00a0b\n", "a b"),
        ("\u03a3\u03b1\u03c2", "\u03c3\u03b1\u03c3"),
    ],
)
def test_texts_that_are_the_same(one, other):
    assert text_key(one) == text_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a b", "ab"), ("resume", "r\u00e9sum\u00e9"), ("", "a")]
)
def test_texts_that_are_not_the_same(one, other):
    assert text_key(one) != text_key(other)


@given(st.text())
def test_normalising_twice_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [("T", "x", "T - x"), (None, "x", "x"), (" ", "x", "x"), ("T", " ", "T"), ("T", "", "T")],
)
def test_a_document_is_title_separator_text(title, text, expected):
    rows = pl.DataFrame(
        {"title": [title], "text": [text]}, schema={"title": pl.String, "text": pl.String}
    )
    assert rows.select(rendered(True, " - ")).item() == expected
    assert rows.select(rendered(False, " - ")).item() == text
