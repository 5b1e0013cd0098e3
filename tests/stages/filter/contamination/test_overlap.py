"""N-grams of an evaluation text in a training text: worked examples, and every pair against plain Python."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.data.shingles.ngrams import words_of
from negmine.stages.filter.contamination.overlap import (
    LONG,
    SHORT,
    Limits,
    Matcher,
    Nearest,
    index_grams,
    overlap,
)

LETTERS = "abcdefghijklmnopqrst"
WORDS = st.sampled_from(["a", "b", "c"])


def test_the_longest_span_is_that_of_the_worked_example():
    """methods.md, section 11: 20 words of which nine and eight are copied."""
    training = " ".join(["z", *"abcdefghi", "y", *"klmnopqr", "x"])
    seen = overlap(" ".join(LETTERS), training)
    assert (seen.longest_match, seen.token_match) == (0.45, 0.85)
    assert seen.ngram_match == pytest.approx(3 / 13)
    assert (seen.span_start, seen.span_words) == (0, 9)
    assert overlap(" ".join(LETTERS), training, 13)[:3] == (0, 0, 0)  # large n misses it


def test_a_text_is_wholly_in_itself_whatever_its_case_and_punctuation():
    text = " ".join(LETTERS)
    for other in (text, text.upper(), text.replace(" ", ", ") + "!", f"  {text}\n"):
        for size in (SHORT, LONG):
            assert overlap(text, other, size)[:3] == (1, 1, 1)


def test_texts_with_fewer_words_than_an_ngram_share_nothing():
    assert overlap("a b c", "a b c")[:3] == (0, 0, 0)
    assert overlap("", "a b c d e f g h")[:3] == (0, 0, 0)


def grams(words, size):
    return [tuple(words[place : place + size]) for place in range(len(words) - size + 1)]


@given(st.lists(WORDS, max_size=12), st.lists(WORDS, max_size=12), st.integers(1, 4))
def test_the_numbers_are_those_of_plain_python(evaluation, training, size):
    theirs = set(grams(training, size))
    hits = [gram in theirs for gram in grams(evaluation, size)]
    runs = "".join(map(str, map(int, hits))).split("0")
    longest = max(map(len, runs))
    covered = {place + word for place, hit in enumerate(hits) if hit for word in range(size)}
    seen = overlap(" ".join(evaluation), " ".join(training), size)
    if not any(hits):
        assert seen[:3] == (0, 0, 0)
        return
    assert seen.longest_match == pytest.approx((longest + size - 1) / len(evaluation))
    assert seen.token_match == pytest.approx(len(covered) / len(evaluation))
    assert seen.ngram_match == pytest.approx(sum(hits) / len(hits))
    span = evaluation[seen.span_start :][: seen.span_words]
    assert set(grams(span, size)) <= theirs


NOISE = st.lists(st.sampled_from(["noise", "sound", "hum"]), max_size=30)


@given(st.integers(10, 20), st.integers(0, 10), NOISE, NOISE)
def test_noise_around_a_copied_span_does_not_hide_it(length, start, before, after):
    """Half of the evaluation text or more is copied, in one piece: what stands around it does not matter."""
    copied = list(LETTERS)[start : start + length]
    seen = overlap(" ".join(LETTERS), " ".join([*before, *copied, *after]))
    assert seen.longest_match == len(copied) / 20
    assert (seen.span_start, seen.span_words) == (start, len(copied))


TEXTS = st.lists(st.lists(WORDS, max_size=20).map(" ".join), min_size=1, max_size=6)


@given(TEXTS, TEXTS)
def test_among_many_texts_the_nearest_is_told_as_if_each_pair_was_alone(evaluation, training):
    words, begins = words_of(pl.Series(evaluation, dtype=pl.String))
    sets = np.arange(len(evaluation)) % 2
    matcher = Matcher(index_grams(words, begins, sets, SHORT), Limits(0.5, 0.5), True)
    nearest = Nearest.empty(len(training), 2)
    matcher.compare(*words_of(pl.Series(training, dtype=pl.String)), nearest)
    pairs = [[overlap(one, other) for one in evaluation] for other in training]
    for row, spans in enumerate(pairs):
        for group in (0, 1):
            shares = [
                one.longest_match for one, its in zip(spans, sets, strict=True) if its == group
            ]
            assert nearest.longest_match[row, group] == max(shares, default=0)
            if max(shares, default=0):
                first = [place for place, its in enumerate(sets) if its == group][
                    int(np.argmax(shares))
                ]
                assert nearest.longest_in[row, group] == first
    for place, affected in enumerate(matcher.affected):
        assert not any(row[place].longest_match >= 0.5 for row in pairs) or affected
