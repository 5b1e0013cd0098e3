"""Where a finding is: one number for a row of a file, and the columns of a finding."""

from __future__ import annotations

import polars as pl

ROWS = 1 << 40  # a row is file number * ROWS + its line or row number in the file, from 1

# row: where the finding is. slot: which negative of the row, from 1. other: the row that explains it.
FINDING = {"row": pl.Int64, "slot": pl.Int64, "other": pl.Int64}
