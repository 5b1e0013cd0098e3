"""Near copies are met by their keys, whatever the number of texts."""

import numpy as np
import polars as pl

from negmine.data.near_copies import BANDS, band_keys, candidate_pairs, groups
from negmine.data.shingles.grams import shingles_of, word_hashes
from negmine.data.shingles.words import normalise_all, separate_words


def keys_of(texts):
    return band_keys(
        *shingles_of(*word_hashes(separate_words(normalise_all(pl.Series(texts)))), 32)
    )


def planted(count, copies):
    """Return random texts of 60 words, then near copies of the first ones: their last word is another."""
    chance = np.random.default_rng(1)
    texts = [" ".join(f"w{n}" for n in chance.integers(0, 3_000, 60)) for _ in range(count)]
    return texts + [f"{text.rsplit(' ', 1)[0]} changed" for text in texts[:copies]]


def test_near_copies_are_pairs_and_nothing_else_is():
    left, right = candidate_pairs(keys_of(planted(500, 50)))
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [
        (n, 500 + n) for n in range(50)
    ]


def test_keys_are_the_same_whatever_stands_beside_a_text():
    texts = planted(70, 0)
    assert np.array_equal(keys_of(texts)[[3, 65]], keys_of([texts[3], texts[65]]))


def test_texts_without_words_are_no_copies_of_each_other():
    keys = keys_of(["", "!", "one word", "ONE  word"])
    assert keys.shape == (4, BANDS)
    assert [one.tolist() for one in candidate_pairs(keys)] == [[2], [3]]


def test_a_chain_of_copies_is_one_group():
    labels = groups(5, np.array([0, 1]), np.array([1, 4]))
    assert labels[0] == labels[1] == labels[4]
    assert len(set(labels.tolist())) == 3


def test_the_chance_to_miss_a_pair_is_what_the_docstring_says():
    shared = 1 - (1 - 0.8**5) ** 20, 1 - (1 - 0.5**5) ** 20
    assert [round(one, 4) for one in shared] == [0.9996, 0.4701]
