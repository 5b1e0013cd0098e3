"""Jaccard similarity of word 3-grams against Python sets: on disk, and of a stream of texts."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.data import shingles
from negmine.data.shingles.words import normalise_all
from negmine.storage import shingles as index
from tests.data.shingles.texts import alike_texts, jaccard


def on_disk(texts, folder):
    """Return the sets of an index that was built from two tables."""
    table = pa.table({"doc_id": [str(n) for n in range(len(texts))], "text": texts})
    index.build(iter([table.slice(0, 2), table.slice(2)]), folder, lambda rows: None)
    return index.open_index(folder, len(texts))


def streamed(texts):
    """Return the sets of a column."""
    normalised = normalise_all(pl.Series(texts, dtype=pl.String))
    return shingles.sets_of(shingles.shingle_column(normalised))


def numbers(*lists):
    return (np.array(values, np.int64) for values in lists)


@given(alike_texts)
def test_an_index_and_a_stream_give_the_jaccard_of_python_sets(tmp_path_factory, texts):
    pairs = [(one, other) for one in range(len(texts)) for other in range(len(texts))]
    left, right = numbers(*zip(*pairs, strict=True))
    expected = np.array([jaccard(texts[a], texts[b]) for a, b in pairs], np.float32)
    sets = on_disk(texts, tmp_path_factory.mktemp("shingles"))
    assert sets.jaccard(left, right).tolist() == expected.tolist()
    assert streamed(texts).jaccard(left, right).tolist() == expected.tolist()


@given(alike_texts, st.data())
def test_likeness_is_the_largest_and_the_mean_jaccard_with_the_positives(texts, data):
    place = st.integers(0, len(texts) - 1)
    docs, positives = data.draw(st.lists(place)), data.draw(st.lists(place, min_size=1))
    groups = numbers(docs, [0, len(docs)], positives, [0, len(positives)])
    result = streamed(texts).likeness(*groups)
    pairs = [[jaccard(texts[d], texts[p]) for p in positives] for d in docs]
    assert result.largest == pytest.approx([max(row) for row in pairs], abs=1e-6)
    assert result.mean == pytest.approx([np.mean(row) for row in pairs], abs=1e-6)


def test_groups_do_not_mix_and_a_group_without_positives_has_no_likeness(tmp_path):
    sets = on_disk(["one two three four", "one two three", "four five six", "x"], tmp_path)
    result = sets.likeness(*numbers([0, 2, 0], [0, 1, 2, 3], [1, 1], [0, 1, 2, 2]))
    assert result.largest == pytest.approx([0.5, 0.0, np.nan], nan_ok=True)


@pytest.mark.parametrize("where", ["index", "stream"])
def test_short_texts_are_alike_only_if_they_are_the_same(tmp_path, where):
    texts = ["hot tea", "Hot  TEA", "tea", "hot tea please", "", "!"]
    sets = on_disk(texts, tmp_path) if where == "index" else streamed(texts)
    found = sets.jaccard(*numbers([0, 0, 0, 4, 4], [1, 2, 3, 4, 5]))
    assert found.tolist() == [1, 0, 0, 0, 0]


def test_a_slice_of_a_column_is_compared_as_it_is():
    column = shingles.shingle_column(pl.Series(["", "a b c", "a b c d", "x"]))[1:]
    found = shingles.sets_of(column).jaccard(*numbers([0, 0, 2], [0, 1, 2]))
    assert found == pytest.approx([1, 0.5, 1])
