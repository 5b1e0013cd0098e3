"""--keep-share: some of a query's negatives are those of the last round."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.stages.write.refresh import refreshed
from negmine.stages.write.selection import selected
from tests.stages.write.sampling.build import SAMPLINGS, VECTORS, how, rows, verdicts

PAIR = ["query_id", "doc_id"]
NONE = {"query_id": pl.String, "doc_id": pl.String, "round": pl.Int32}


def after(pairs, **settings):
    """Return the selection of round 3 after a last one that wrote these (query_id, doc_id, round)."""
    earlier = pl.DataFrame(pairs, schema=NONE, orient="row")

    def read(query_ids):
        return earlier.filter(pl.col("query_id").is_in(query_ids.implode()))

    return replace(how(VECTORS, **settings), round=3, earlier=read)


def taken(data, selection):
    chosen = selected(data, selection)
    return dict(zip(chosen["doc_id"], chosen["round"], strict=True))


LAST = [("q", "c", 1), ("q", "e", 2), ("q", "gone", 2)]


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.0, {"a": 3, "b": 3, "c": 1}),
        (0.5, {"a": 3, "b": 3, "c": 1}),  # 1.5 is rounded down: c, and the best others
        (0.7, {"a": 3, "c": 1, "e": 2}),
        (1.0, {"a": 3, "c": 1, "e": 2}),  # there are no more than two of the last round
    ],
)
def test_so_many_of_the_last_round_come_first_and_the_best_fill_up(share, expected):
    data = rows([0.9, 0.8, 0.7, 0.6, 0.5], query="q", doc_id=[*"abcde"])
    assert taken(data, after(LAST, num_negatives=3, keep_share=share)) == expected


def test_what_the_rules_drop_now_is_not_kept():
    data = rows([0.9, 0.8, 0.7], query="q", doc_id=[*"abc"], kept=[True, True, False])
    assert taken(data, after(LAST, num_negatives=2, keep_share=1.0)) == {"a": 3, "b": 3}


def test_in_round_one_there_is_no_column_of_rounds():
    data = rows([0.9, 0.8], query="q", doc_id=[*"ab"])
    assert "round" not in selected(data, how(VECTORS, num_negatives=2)).columns


@given(
    verdicts(), SAMPLINGS, st.integers(1, 4), st.floats(0, 1),
    st.sampled_from(["query", "positive"]), st.randoms(use_true_random=False),
)  # fmt: skip
def test_every_sampling_keeps_the_share_and_takes_nothing_twice(
    data, name, count, share, per, random
):
    pairs = [row for row in data.select(PAIR).iter_rows() if random.random() < 0.4]
    last = [(*pair, random.choice([1, 2])) for pair in pairs]
    settings = {"sampling": name, "num_negatives": count, "pool": 6, "per": per}
    selection = after(last, keep_share=share, **settings)
    chosen = selected(data, selection)
    assert chosen.select(PAIR).is_duplicated().sum() == 0
    known = {tuple(pair): number for *pair, number in last}
    for query, doc, number in chosen.select(*PAIR, "round").iter_rows():
        assert number == known.get((query, doc), 3)
    kept = set(data.filter("kept").select(PAIR).iter_rows())
    positives = dict(data.filter(label="positive").group_by("query_id").len().iter_rows())
    for query in data["query_id"].unique():
        wanted = count * positives.get(query, 0) if per == "positive" else count
        there = sum(pair in kept for pair in known if pair[0] == query)
        here = chosen.filter(pl.col("query_id") == query, pl.col("round") < 3)
        assert here.height >= min(int(wanted * share + 1e-9), there)


def test_refresh_counts_what_is_kept_new_and_gone():
    data = pl.concat(
        [
            rows([0.9, 0.8, 0.7], query="q", doc_id=[*"abc"]),
            rows([0.9, 0.8], query="r", doc_id=[*"ab"]),
        ]
    )
    last = [*LAST, ("r", "a", 1), ("r", "b", 2)]
    counts = refreshed(data, after(last, num_negatives=2))
    assert counts.rows() == [("q", 3, 0, 2), ("r", 2, 2, 0)]
