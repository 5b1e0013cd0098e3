"""Hashes of word n-grams in their places."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from negmine.data.shingles.ngrams import gram_hashes, words_of
from negmine.data.tokens import tokenize
from tests.data.shingles.texts import alike_texts


@given(alike_texts, st.integers(1, 4))
def test_two_places_have_the_same_hash_exactly_when_the_same_words_begin_there(texts, size):
    words, offsets = words_of(pl.Series(texts, dtype=pl.String))
    hashes = gram_hashes(words, offsets, size).tolist()
    expected = []
    for text in texts:
        tokens = tokenize(text)
        expected += [
            tuple(tokens[place : place + size]) if place + size <= len(tokens) else None
            for place in range(len(tokens))
        ]
    assert len(hashes) == len(expected)
    assert [number == 0 for number in hashes] == [gram is None for gram in expected]
    pairs = {(number, gram) for number, gram in zip(hashes, expected, strict=True) if gram}
    assert len({number for number, _ in pairs}) == len({gram for _, gram in pairs}) == len(pairs)
