"""What GISTEmbed masks in a batch, and which rows make the batches."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from negmine.analysis.lint.checks.batch_conflicts import Sample, masks


def test_the_worked_example_of_gistembed():
    """Three rows; equal cosines are not masked, nor are the diagonals."""
    qp = np.array([[0.80, 0.40, 0.85], [0.30, 0.70, 0.20], [0.10, 0.75, 0.60]])
    qn = np.array([[0.79, 0.81, 0.10], [0.70, 0.71, 0.69], [0.61, 0.60, 0.59]])
    qq, pp = np.eye(3), np.eye(3)
    for (i, j), value in {(0, 1): 0.50, (0, 2): 0.82, (1, 2): 0.65}.items():
        qq[i, j] = qq[j, i] = value
    for (i, j), value in {(0, 1): 0.81, (0, 2): 0.10, (1, 2): 0.30}.items():
        pp[i, j] = pp[j, i] = value
    masked = {
        name: set(zip(*map(list, np.nonzero(mask)), strict=True))
        for name, mask in masks(qp, qn, qq, pp).items()
    }
    assert masked == {
        "qp": {(0, 2), (2, 1)},
        "qn": {(0, 1), (1, 1), (2, 0)},
        "qq": {(0, 2), (2, 0), (2, 1)},
        "pp": {(0, 1), (1, 0)},
    }


def sampled(sizes, size, batch):
    """Return the rows of each training batch; sizes: of the batches in which the rows come."""
    rows = pl.DataFrame({"row": pl.Series(range(sum(sizes)), dtype=pl.Int64)}).with_columns(
        query=pl.lit("q"), is_pair=pl.lit(False), positives=pl.lit(["p"]), negatives=pl.lit(["n"])
    )
    sample, start = Sample(size), 0
    for many in sizes:
        sample.take(rows[start : start + many])
        start += many
    return [part["row"].to_list() for part in sample.batches(batch)]


@given(st.lists(st.integers(0, 20), max_size=5))
def test_a_sample_does_not_depend_on_how_rows_come_and_has_each_once(sizes):
    batches = sampled(sizes, 12, 4)
    assert batches == sampled([sum(sizes)], 12, 4)
    flat = [row for batch in batches for row in batch]
    assert len(flat) == len(set(flat)) <= 12
    assert (len(batches) > 0) == (sum(sizes) > 1)
    assert all(len(batch) == min(4, sum(sizes)) for batch in batches)


def test_a_row_with_a_missing_or_empty_text_is_no_part_of_a_batch():
    rows = pl.DataFrame(
        [
            ("q", False, ["p"], ["n", "m"]),
            (None, False, ["p"], ["n"]),
            (" ", False, ["p"], ["n"]),
            ("q", False, [None], ["n"]),
            ("q", False, None, ["n"]),
            ("q", False, ["p"], ["n", None]),
            ("q", False, ["p"], []),
            ("q", False, ["p"], None),
            ("q", True, ["p"], ["n"]),
            ("q", False, ["p"], ["n"]),
        ],
        schema={
            "query": pl.String, "is_pair": pl.Boolean, "positives": pl.List(pl.String),
            "negatives": pl.List(pl.String),
        },
        orient="row",
    ).with_row_index("row")  # fmt: skip
    sample = Sample(12)
    sample.take(rows)
    assert [sorted(batch["row"]) for batch in sample.batches(12)] == [[0, 9]]
