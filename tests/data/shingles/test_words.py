"""Normalised texts and words of a whole column, against the functions for one text."""

import polars as pl
from hypothesis import example, given

from negmine.data.shingles.words import normalise_all, separate_words
from negmine.data.texts import normalise
from negmine.data.tokens import tokenize
from tests.data.shingles.texts import hard_texts

WORD_CHARACTERS = set("abcdefghijklmnopqrstuvwxyz0123456789_")


@given(hard_texts)
def test_a_column_is_normalised_as_every_text_is(texts):
    normalised = normalise_all(pl.Series(texts, dtype=pl.String))
    assert normalised.to_list() == [normalise(text) for text in texts]


def words(separated):
    """Return the runs of [a-z0-9_] and of characters beyond ASCII."""
    spaced = "".join(c if c in WORD_CHARACTERS or c > "\x7f" else " " for c in separated)
    return spaced.split()


@given(hard_texts)
@example(["a\xad\u0301\u8336"])
def test_the_words_of_a_column_are_the_tokens_of_bm25(texts):
    separated = separate_words(normalise_all(pl.Series(texts, dtype=pl.String)))
    assert [words(text) for text in separated] == [tokenize(text) for text in texts]
