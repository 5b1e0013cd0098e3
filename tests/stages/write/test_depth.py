"""How deep negatives lie: counted by hand, for rows of both shapes."""

import polars as pl
import pytest

from negmine.stages.write.depth import DEEP, count_deep, too_easy

ROWS = pl.DataFrame(
    {
        "query_id": ["q", "q", "q", "q", "r"],
        "positive_id": ["p", "p", "o", "p", "p"],
        "negative_id": ["a", "b", "a", "c", "d"],
        "negative_label": [*["unlabeled"] * 3, "judged_negative", "unlabeled"],
        "bm25_rank": [DEEP + 1, DEEP + 1, DEEP + 1, DEEP + 9, None],
        "dense_rank": [None, DEEP, None, None, DEEP + 3],
    }
)


@pytest.mark.parametrize("lists", [False, True])
def test_a_pair_counts_once_by_its_best_rank_and_judged_ones_do_not_count(lists):
    rows = ROWS
    if lists:
        rows = ROWS.group_by("query_id", "positive_id", maintain_order=True).agg(pl.all())
    assert count_deep(rows.lazy(), ["bm25", "dense"]) == {"negatives": 3, "deep": 2}


def test_positives_without_a_negative_count_nothing():
    none = ROWS.with_columns(
        negative_id=pl.lit(None, pl.String), negative_label=pl.lit(None, pl.String)
    )
    assert count_deep(none.lazy(), ["bm25", "dense"]) == {"negatives": 0, "deep": 0}


def test_most_negatives_must_be_deep_for_a_warning():
    assert too_easy(0, 0) is None
    assert too_easy(100, 50) is None
    assert too_easy(100, 51).startswith("51 of 100 negatives are probably too easy")
