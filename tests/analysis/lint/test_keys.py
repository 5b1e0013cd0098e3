"""Keys of texts against the function that says when two texts are the same."""

import polars as pl
from hypothesis import given

from negmine.analysis.lint.keys import keys
from negmine.data.shingles.words import normalise_all
from negmine.data.texts import normalise
from tests.data.shingles.texts import hard_texts


@given(hard_texts)
def test_keys_are_equal_exactly_where_normalised_texts_are(texts):
    rows = keys(normalise_all(pl.Series(texts, dtype=pl.String))).rows()
    assert len(set(rows)) == len({normalise(text) for text in texts})
