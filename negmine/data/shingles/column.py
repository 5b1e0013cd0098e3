"""Sets of shingles as a column of a frame, for texts that are read as a stream."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from negmine.data.shingles.grams import shingles_of, word_hashes
from negmine.data.shingles.jaccard import Sets
from negmine.data.shingles.words import separate_words

BITS = 32


def shingle_column(normalised: pl.Series) -> pl.Series:
    """Return the sorted, distinct shingles of every normalised text: lists of uint32."""
    hashes, offsets = shingles_of(*word_hashes(separate_words(normalised)), BITS)
    lists = pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(hashes.astype(np.uint32)))
    return pl.Series("shingles", pl.from_arrow(lists), pl.List(pl.UInt32))


def sets_of(column: pl.Series) -> Sets:
    """Return the sets of a column that `shingle_column` made, one per row."""
    lists = column.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.large_list(pa.uint32()))
    return Sets(np.asarray(lists.values), np.asarray(lists.offsets))
