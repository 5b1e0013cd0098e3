"""Frames of occurrences for the checks, as the collector puts them aside."""

import polars as pl

from negmine.analysis.lint.keys import QUERY_KEY, TEXT_KEY

KEY = dict.fromkeys([*QUERY_KEY, *TEXT_KEY], pl.UInt64)


def rows(values, *columns):
    """Return a frame: rows of query and text keys, then the named columns."""
    return pl.DataFrame(values, schema=(*KEY, *columns), orient="row").cast(KEY)
