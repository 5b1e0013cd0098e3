"""Keys, tokens and shingles of a stream against the functions that define them."""

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from negmine.analysis.lint.keys import keys, normal, words
from negmine.data.shingles.grams import grams, jaccard
from negmine.data.texts import normalise
from negmine.data.tokens import tokenize

PIECES = [
    "a", "B", "tea", "Tea", "  ", "\n", "\t", "\x1c", "x_1", "don't", "ß", "ﬁ", "É", "e\u0301", "茶", "緑茶",
    "ชา", "\u00ad", "\u200b", "\u200d", "\u0301", "İ", "Ａ", "٣", "-", "!", "\u00a0", "漢字x", "ǅ", "ᾳ",
]  # fmt: skip
# Characters of the newest Unicode are letters to one library and unassigned to another.
old = st.characters(exclude_categories=["Cs", "Cn"])
texts = st.lists(
    st.lists(st.sampled_from([*PIECES, " "]), max_size=9).map("".join) | st.text(old, max_size=9),
    min_size=1,
    max_size=9,
)


@given(texts)
def test_normal_is_normalise(some):
    assert normal(pl.Series(some, dtype=pl.String)).to_list() == [normalise(t) for t in some]


@given(texts)
def test_keys_are_equal_exactly_where_normalised_texts_are(some):
    found = keys(normal(pl.Series(some, dtype=pl.String))).rows()
    assert len(set(found)) == len({normalise(text) for text in some})


def runs(text):
    """Cut a text as the kernel does: runs of [a-z0-9_] and of what is not ASCII."""
    kept = "".join(
        c if c in "abcdefghijklmnopqrstuvwxyz0123456789_" or c > "\x7f" else " " for c in text
    )
    return kept.split(" ")


@given(texts)
@example(["a\xad\u0301\u8336"])
def test_words_are_the_tokens_of_bm25(some):
    found = words(normal(pl.Series(some, dtype=pl.String))).to_list()
    assert [[run for run in runs(text) if run] for text in found] == [tokenize(t) for t in some]


def expected(one, other):
    a, b = (
        {tuple(w[n : n + 3]) for n in range(max(1, len(w) - 2))} if w else set()
        for w in (tokenize(one), tokenize(other))
    )
    return len(a & b) / len(a | b) if a | b else 0.0


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", "c d", "茶", "É"]), max_size=12).map(" ".join),
        min_size=1,
        max_size=6,
    )
)
def test_jaccard_of_word_3_grams(some):
    sets = grams(normal(pl.Series(some, dtype=pl.String)))
    pairs = [(n, m) for n in range(len(some)) for m in range(len(some))]
    left, right = (np.array(side, np.int64) for side in zip(*pairs, strict=True))
    values = [expected(some[n], some[m]) for n, m in pairs]
    assert jaccard(sets, left, right) == pytest.approx(values, abs=1e-6)


def test_a_slice_of_sets_is_compared_as_it_is():
    sets = grams(pl.Series(["", "a b c", "a b c d", "x"]))[1:]
    found = jaccard(sets, np.array([0, 0, 2]), np.array([0, 1, 2]))
    assert found == pytest.approx([1, 0.5, 1])
