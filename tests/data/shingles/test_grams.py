"""Hashes of words and of 3-grams against plain Python."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given

from negmine.data.hashing import GOLDEN, splitmix64
from negmine.data.shingles.grams import SIZE, shingles_of, word_hashes
from negmine.data.shingles.words import normalise_all, separate_words
from negmine.data.tokens import tokenize
from tests.data.shingles.texts import alike_texts, hard_texts


def fnv1a(word):
    """Return the 64-bit FNV-1a hash of a word (Fowler, Noll and Vo)."""
    value = 0xCBF29CE484222325
    for byte in word.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def test_fnv1a_gives_its_published_values():
    published = {"": 0xCBF29CE484222325, "a": 0xAF63DC4C8601EC8C, "foobar": 0x85944171F73967E8}
    assert {word: fnv1a(word) for word in published} == published


@given(hard_texts)
def test_every_word_is_hashed_in_its_order(texts):
    hashes, offsets = word_hashes(separate_words(normalise_all(pl.Series(texts, dtype=pl.String))))
    tokens = [tokenize(text) for text in texts]
    assert hashes.tolist() == [fnv1a(word) for words in tokens for word in words]
    assert offsets.tolist() == [0, *np.cumsum([len(words) for words in tokens])]


def shingles_of_one(numbers):
    """Return the sorted, distinct shingles of one text: three words mixed in their order."""
    numbers = np.array(numbers, np.uint64)
    if not len(numbers):
        return numbers
    size = min(SIZE, len(numbers))
    scattered = splitmix64(numbers + GOLDEN)
    mixed = np.full(len(numbers) - size + 1, size, np.uint64)
    for place in range(size):
        mixed = splitmix64(mixed ^ scattered[place : len(numbers) - size + 1 + place])
    return np.unique(mixed)


@given(alike_texts)
@pytest.mark.parametrize("bits", [64, 32])
def test_shingles_are_the_distinct_hashes_of_three_words_in_a_row(bits, texts):
    vocabulary = {}
    numbers = [[vocabulary.setdefault(w, len(vocabulary)) for w in tokenize(t)] for t in texts]
    flat = np.array([number for row in numbers for number in row], np.uint64)
    begins = np.concatenate([[0], np.cumsum([len(row) for row in numbers])]).astype(np.int64)
    hashes, offsets = shingles_of(flat, begins, bits)
    expected = [np.unique(shingles_of_one(row) >> np.uint64(64 - bits)) for row in numbers]
    assert hashes.tolist() == np.concatenate(expected).tolist()
    assert np.diff(offsets).tolist() == [len(row) for row in expected]
