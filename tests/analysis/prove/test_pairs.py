"""The rows that a recipe trains on."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.analysis.prove.pairs import conflicts, digest, own_share, rows
from negmine.errors import InputError

DOCUMENTS = pl.Series("doc_id", [f"d{n}" for n in range(40)])
PAIRS = pl.DataFrame({"query_id": ["a", "a", "b"], "doc_id": ["d0", "d1", "d2"]})
NEGATIVES = pl.DataFrame({"query_id": ["a", "a", "a", "b"], "doc_id": ["d7", "d8", "d9", "d7"]})


def test_a_row_per_pair_with_the_best_negatives_first_and_random_ones_where_they_are_short():
    made = rows(PAIRS, NEGATIVES, 2, DOCUMENTS, 0)
    assert made["query_id"].to_list() == ["a", "a", "b"]
    assert made["positive_id"].to_list() == ["d0", "d1", "d2"]
    assert made["negative_ids"].to_list()[:2] == [["d7", "d8"]] * 2
    first, spare = made["negative_ids"].to_list()[2]
    assert first == "d7"
    assert spare not in ("d7", "d2")
    assert own_share(PAIRS, NEGATIVES, 2) == 3 / 4


def test_without_negatives_the_lists_are_empty():
    assert rows(PAIRS, None, 0, DOCUMENTS, 0)["negative_ids"].to_list() == [[], [], []]


@given(st.integers(1, 6), st.integers(0, 99))
def test_random_negatives_are_distinct_no_positives_and_drawn_by_the_seed(wanted, seed):
    made = rows(PAIRS, NEGATIVES.clear(), wanted, DOCUMENTS, seed)
    known = {"a": {"d0", "d1"}, "b": {"d2"}}
    for query, _, negatives in made.iter_rows():
        assert len(set(negatives)) == wanted
        assert not set(negatives) & known[query]
    again = rows(PAIRS, NEGATIVES.clear(), wanted, DOCUMENTS, seed)
    assert digest(made) == digest(again)


def test_a_corpus_that_is_too_small_is_an_error():
    with pytest.raises(InputError, match="--num-negatives"):
        rows(PAIRS, NEGATIVES, 6, DOCUMENTS[:4], 0)


@pytest.mark.parametrize("wanted", [0, 2])
def test_conflicts_are_what_random_batches_have(wanted):
    draws = np.random.default_rng(1)
    pairs = pl.DataFrame(
        [(f"q{q}", f"d{d}") for q in range(8) for d in sorted(draws.choice(40, 5, replace=False))],
        schema=["query_id", "doc_id"], orient="row",
    )  # fmt: skip
    made = rows(pairs, pairs.clear() if wanted else None, wanted, DOCUMENTS, 3)
    known = {(query, doc) for query, doc in pairs.iter_rows()}
    table = [(q, [p, *n], p) for q, p, n in made.iter_rows()]
    counts = []
    for _ in range(3000):
        batch = draws.choice(len(table), 6, replace=False)
        for row in batch:
            query, _, positive = table[row]
            others = [table[other] for other in batch if other != row and table[other][0] != query]
            counts.append(sum((query, d) in known and d != positive for o in others for d in o[1]))
    assert conflicts(made, pairs, 6) == pytest.approx(np.mean(counts), rel=0.1)
