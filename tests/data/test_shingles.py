"""Jaccard of word 3-grams against Python sets."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.data import shingles
from negmine.data.texts import normalise
from negmine.engine.progress import Silent


def grams(text):
    words = normalise(text).split()
    if len(words) < 3:
        return {tuple(words)} if words else set()
    return {tuple(words[n : n + 3]) for n in range(len(words) - 2)}


def jaccard(one, other):
    a, b = grams(one), grams(other)
    return len(a & b) / len(a | b) if a | b else 0.0


def likeness(folder, texts, docs, doc_offsets, positives, positive_offsets):
    table = pa.table({"doc_id": [str(n) for n in range(len(texts))], "text": texts})
    shingles.build(iter([table.slice(0, 2), table.slice(2)]), folder, Silent())
    return shingles.open_index(folder).likeness(
        *(np.array(x, np.int64) for x in (docs, doc_offsets, positives, positive_offsets))
    )


words = st.lists(st.sampled_from("a b c d e F Ｆ 茶".split()), max_size=9).map(" ".join)


@given(st.lists(words, min_size=1, max_size=8), st.data())
def test_likeness_is_the_largest_jaccard_with_a_positive(tmp_path_factory, texts, data):
    place = st.integers(0, len(texts) - 1)
    docs, positives = data.draw(st.lists(place)), data.draw(st.lists(place, min_size=1))
    found = likeness(
        tmp_path_factory.mktemp("s"), texts, docs, [0, len(docs)], positives, [0, len(positives)]
    )
    pairs = [[jaccard(texts[d], texts[p]) for p in positives] for d in docs]
    assert found.largest == pytest.approx([max(row) for row in pairs], abs=1e-6)
    assert found.mean == pytest.approx([np.mean(row) for row in pairs], abs=1e-6)


def test_groups_do_not_mix_and_a_group_without_positives_knows_nothing(tmp_path):
    texts = ["one two three four", "one two three", "four five six", "x"]
    found = likeness(tmp_path, texts, [0, 2, 0], [0, 1, 2, 3], [1, 1], [0, 1, 2, 2])
    assert found.largest == pytest.approx([0.5, 0.0, np.nan], nan_ok=True)


def test_short_texts_are_alike_only_if_they_are_the_same(tmp_path):
    texts = ["hot tea", "Hot  TEA", "tea", "hot tea please"]
    found = likeness(tmp_path, texts, [1, 2, 3], [0, 3], [0], [0, 1])
    assert found.largest == pytest.approx([1.0, 0.0, 0.0])
