"""Each sampling on rows that a person can follow; numbers of papers where they give some."""

import numpy as np
import polars as pl
import pytest

from negmine.errors import SettingsError
from negmine.stages.write.selection import placed, selected
from tests.configs import resolve
from tests.stages.write.sampling.build import how, order, rows

FALLING = rows([0.9 - 0.02 * n for n in range(30)])


def names(*places):
    return [f"d{n:02d}" for n in places]


def chosen(data, vectors=None, **settings):
    return selected(data, how(vectors, **settings))["doc_id"].to_list()


def test_cyclic_takes_every_fifth_as_in_the_worked_example_of_unime_v2():
    scores = [.95, .893, .889, .80, .75, .70, .66, .60, .55, .50, .45, .40, .35, .30, .25, .20]  # fmt: skip
    below = pl.col("dense_score") <= pl.lit(0.90 - 0.01, pl.Float32)  # positive 0.90, beta .01
    data = rows(scores, 0.90).with_columns(kept=below)
    assert order(data, sampling="cyclic")[:10] == names(2, 7, 12, 3, 8, 13, 4, 9, 14, 5)
    assert order(data, sampling="cyclic", step=1) == names(*range(2, 16))


def test_margin_bins_are_those_of_the_worked_example_of_tas_balanced():
    margins = [0.5, 1, 2, 2.5, 5.5, 10.5]
    data = rows([-margin for margin in margins], anchor=0.0)
    chances = placed(data, how(sampling="margin-bins"))["sampling_probability"].to_list()
    # bins 0, 0, 1, 2, 5, 9: five are not empty, and two rows share one of them
    assert chances == pytest.approx([1 / 10, 1 / 10, 1 / 5, 1 / 5, 1 / 5, 1 / 5])
    assert len({*order(data, sampling="margin-bins")[:5]} & {"d00", "d01"}) == 1


def test_equal_margins_are_one_bin():
    data = rows([0.5] * 6)
    chances = placed(data, how(sampling="margin-bins"))["sampling_probability"].to_list()
    assert chances == pytest.approx([1 / 6] * 6)


def test_bins_with_any_rows_are_drawn_equally_often():
    """Of 100 rows in one bin and one in each of two others, each bin is drawn a third of the time."""
    scores = [0.9] * 100 + [0.5, 0.0]
    data = pl.concat([rows(scores, query=f"q{n}") for n in range(3000)])
    first = selected(data, how(sampling="margin-bins", num_negatives=1))
    counts = first["dense_score"].round(1).value_counts()["count"].to_numpy()
    assert len(counts) == 3
    assert (
        (counts - 1000) ** 2 / 1000
    ).sum() < 13.8  # chi-square with 2 degrees of freedom, p = .001


def test_softmax_draws_as_often_as_it_says():
    scores = [0.8, 0.7, 0.6, 0.4]
    expected = np.exp(np.array(scores) / 0.1) / np.exp(np.array(scores) / 0.1).sum()
    data = pl.concat([rows(scores, query=f"q{n}") for n in range(6000)])
    drawn = placed(data, how(sampling="softmax", temperature=0.1))
    assert drawn["sampling_probability"][:4].to_numpy() == pytest.approx(expected, rel=1e-5)
    first = selected(data, how(sampling="softmax", temperature=0.1, num_negatives=1))
    counts = first.group_by("doc_id").len().sort("doc_id")["len"].to_numpy()
    assert ((counts - 6000 * expected) ** 2 / (6000 * expected)).sum() < 16.3  # 3 degrees, p = .001


def test_a_low_temperature_takes_the_best_and_a_pool_without_scores_is_drawn_evenly():
    assert order(FALLING, sampling="softmax", temperature=1e-6, pool=5) == names(*range(5))
    data = rows([None] * 4)
    chances = placed(data, how(sampling="softmax"))["sampling_probability"].to_list()
    assert chances == [0.25] * 4


def test_top1_random_takes_the_best_and_draws_the_rest_of_the_pool():
    drawn = [order(FALLING, sampling="top1-random", pool=6, seed=seed) for seed in range(30)]
    assert {one[0] for one in drawn} == {"d00"}
    assert {one[1] for one in drawn} == set(names(1, 2, 3, 4, 5))
    chances = placed(FALLING, how(sampling="top1-random", pool=6))["sampling_probability"]
    assert chances.to_list() == pytest.approx([1.0] + [1 / 5] * 5)


def test_a_band_of_ranks_has_both_ends():
    assert order(FALLING, sampling="band", band="10:12") == names(9, 10, 11)
    assert order(FALLING, sampling="band", band="29:99") == names(28, 29)


def test_a_band_below_the_anchor_counts_standard_deviations():
    """Scores 0 to 4 have a standard deviation of 1.414; they lie .71, 1.41 ... 3.54 below 5."""
    data = rows([4, 3, 2, 1, 0], anchor=5)
    assert order(data, sampling="band", band="0z:1z") == ["d00"]
    assert order(data, sampling="band", band="1.4z:2.2z") == ["d01", "d02"]
    assert order(data, sampling="band", band="-1z:9z") == names(*range(5))
    assert order(rows([1.0] * 3), sampling="band", band="0z:9z") == []


@pytest.mark.parametrize("text", ["10", "10-50", "50:10", "0:5", "1z:x", "1.5:9", "", ":"])
def test_a_band_that_is_none_is_refused_with_an_example(text):
    with pytest.raises(SettingsError, match=r"0\.5z:2z"):
        resolve({"sampling": "band", "band": text})


def at(*degrees):
    angles = np.radians(degrees)
    return {f"d{n:02d}": np.array([np.cos(a), np.sin(a)]) for n, a in enumerate(angles)}


def test_diverse_takes_what_is_near_to_the_query_and_unlike_what_it_has():
    """The query lies at 0 degrees. Near it are two at 20 and 40, and one on the other side at -50."""
    vectors = at(20, 40, -50)
    data = rows([float(v[0]) for v in vectors.values()])
    assert chosen(data, vectors, sampling="diverse", num_negatives=2) == names(0, 2)
    assert chosen(data, vectors, sampling="diverse", num_negatives=2, diversity=0) == names(0, 1)


def test_diverse_never_takes_near_copies():
    """10 and 12 degrees: a cosine of .9994; 10 and 30: .94."""
    vectors = at(10, 12, 30)
    data = rows([float(v[0]) for v in vectors.values()])
    assert chosen(data, vectors, sampling="diverse", num_negatives=3, diversity=0) == names(0, 2)


@pytest.mark.parametrize("diversity", [0.0, 0.3, 1.0])
def test_diverse_is_what_its_formula_says(diversity):
    """By trying every candidate at every step."""
    random = np.random.default_rng(3)
    vectors = random.standard_normal((12, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    query = vectors[0]
    named = {f"d{n:02d}": v.astype(np.float32) for n, v in enumerate(vectors)}
    data = rows([float(v @ query) for v in vectors])
    taken = []
    while left := [
        n
        for n in range(12)
        if n not in taken and not any(vectors[n] @ vectors[t] >= 0.95 for t in taken)
    ]:
        likest = [max((vectors[n] @ vectors[t] for t in taken), default=0.0) for n in left]
        gains = [
            (1 - diversity) * (vectors[n] @ query) - diversity * s
            for n, s in zip(left, likest, strict=True)
        ]
        taken.append(left[int(np.argmax(np.round(gains, 6)))])
    assert order(
        data, vectors=named, sampling="diverse", diversity=diversity, num_negatives=12
    ) == names(*taken)


TWO = rows([0.9, 0.8, 0.7, 0.6], bm25_rank=[None, 7, 2, 3], dense_rank=[1, 2, None, None])


def test_one_per_retriever_takes_the_best_of_each_in_turn():
    """bm25 has d02, d03, d01 and dense d00, d01: in turn d02, d00, d03, d01."""
    assert order(TWO, sampling="one-per-retriever") == ["d02", "d00", "d03", "d01"]


def test_round_robin_takes_a_query_from_one_retriever_and_fills_up_from_the_others():
    data = pl.concat([TWO.with_columns(query_id=pl.lit(f"q{n}")) for n in range(200)])
    drawn = placed(data, how(sampling="round-robin")).sort("place", maintain_order=True)
    orders = drawn.group_by("query_id").agg("doc_id")["doc_id"].to_list()
    assert {tuple(one) for one in orders} == {
        ("d02", "d03", "d01", "d00"), ("d00", "d01", "d02", "d03")
    }  # fmt: skip
    assert 70 < sum(one[0] == "d02" for one in orders) < 130
    assert set(drawn["sampling_probability"]) == {0.5}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampling": "one-per-retriever", "retriever": ["bm25"]}, "two retrievers"),
        ({"sampling": "round-robin", "retriever": ["bm25"]}, "two retrievers"),
        ({"sampling": "diverse", "retriever": ["bm25"]}, "--retriever dense"),
        ({"sampling": "softmax", "pool": 3}, "--pool 3"),
        ({"sampling": "diverse", "pool": 3}, "--pool 3"),
        ({"weight": "risk", "no_risk": True}, "--max-risk"),
    ],
)
def test_what_cannot_work_is_refused_and_says_what_to_add(settings, message):
    with pytest.raises(SettingsError, match=message):
        resolve(settings)
