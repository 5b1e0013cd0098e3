"""What every sampling promises, whichever it is: a new one in the table is tested here at once."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.sampling import SETTINGS, idle_settings, reach, settings_in_use
from negmine.config.settings import WriteSettings
from negmine.stages.write.sampling.table import SAMPLINGS as TABLE
from negmine.stages.write.selection import placed, selected, wanted
from tests.stages.write.sampling.build import SAMPLINGS, VECTORS, how, rows, verdicts

KEY = ["query_id", "doc_id"]
DRAWN = ("random", "softmax", "margin-bins")  # the first draw takes any of the pool
SMALLER = ("band", "diverse")  # may take fewer than there are


def test_settings_help_and_functions_name_the_same_samplings():
    choices = WriteSettings.model_fields["sampling"].annotation.__args__
    assert tuple(TABLE) == tuple(SETTINGS) == choices
    for name, fields in SETTINGS.items():
        assert set(fields) <= set(WriteSettings.model_fields)
        assert f"{name}:" in WriteSettings.model_fields["sampling"].description.replace(
            "random, softmax, top1-random:", "random: softmax: top1-random:"
        )


@given(
    verdicts(),
    SAMPLINGS,
    st.integers(1, 4),
    st.integers(0, 99),
    st.sampled_from(["query", "positive"]),
)
def test_a_query_gets_kept_candidates_once_each_and_as_many_as_asked(data, name, count, seed, per):
    selection = how(VECTORS, sampling=name, num_negatives=count, pool=6, seed=seed, per=per)
    chosen = selected(data, selection)
    assert chosen.select(KEY).is_unique().all()
    assert chosen["kept"].all()
    assert not (chosen["label"] == "positive").any()
    most = data.filter("kept").group_by("query_id").agg(there=pl.len())
    if "pool" in SETTINGS[name]:
        most = most.with_columns(pl.col("there").clip(upper_bound=6))
    asked = wanted(data, selection)
    got = chosen.group_by("query_id").agg(got=pl.len())
    counts = asked.join(most, on="query_id", how="left").join(got, on="query_id", how="left")
    counts = counts.fill_null(0).with_columns(due=pl.min_horizontal("wanted", "there"))
    is_right = counts["got"] <= counts["due"] if name in SMALLER else counts["got"] == counts["due"]
    assert is_right.all()


@given(verdicts(), SAMPLINGS, st.integers(0, 99))
def test_a_query_gets_the_same_alone_among_others_and_again(data, name, seed):
    selection = how(VECTORS, sampling=name, num_negatives=3, pool=6, seed=seed)
    whole = selected(data, selection)
    assert whole.equals(selected(data, selection))
    parts = [
        selected(part, selection) for part in data.partition_by("query_id", maintain_order=True)
    ]
    assert pl.concat(parts).equals(whole)


@given(verdicts(), SAMPLINGS, st.integers(0, 99))
def test_negatives_come_best_first_in_whatever_order_they_were_taken(data, name, seed):
    chosen = selected(data, how(VECTORS, sampling=name, num_negatives=3, pool=6, seed=seed))
    by_query = chosen.group_by("query_id", maintain_order=True).agg("rank", "place")
    for ranks, places in by_query.select("rank", "place").iter_rows():
        assert ranks == sorted(ranks)
        assert sorted(places) == list(range(len(places)))


@given(verdicts(), SAMPLINGS, st.integers(0, 99))
def test_probabilities_are_shares_and_those_of_a_free_draw_add_up_to_one(data, name, seed):
    chances = placed(data, how(VECTORS, sampling=name, pool=6, seed=seed))
    assert chances["sampling_probability"].is_between(0, 1).all()
    if name in DRAWN:
        total = chances.group_by("query_id").agg(pl.col("sampling_probability").sum())
        assert ((total["sampling_probability"] - 1).abs() < 1e-9).all()


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_a_sampling_does_not_name_changes_nothing_that_it_takes(name):
    data = rows([0.9 - 0.02 * n for n in range(30)])
    vectors = {f"d{n:02d}": VECTORS[f"d{n % 9}"] for n in range(30)}
    other = {
        "pool": 11, "seed": 3, "temperature": 0.5, "step": 2, "band": "3:20", "bins": 3, "diversity": 0.1
    }  # fmt: skip
    base = {"sampling": name, "num_negatives": 4}
    usual = selected(data, how(vectors, **base))
    idle = {field: value for field, value in other.items() if field not in SETTINGS[name]}
    assert selected(data, how(vectors, **base, **idle)).equals(usual)
    write = WriteSettings(**base)
    assert set(idle) == idle_settings(write)
    assert not set(idle) & set(settings_in_use(write))


@given(verdicts(), SAMPLINGS)
def test_nothing_below_its_reach_is_ever_taken(data, name):
    selection = how(VECTORS, sampling=name, num_negatives=2, pool=4)
    most = reach(selection.write)
    if most is not None:
        turn = data.filter("kept").with_columns(turn=pl.int_range(pl.len()).over("query_id"))
        far = turn.filter(pl.col("turn") >= most)
        assert selected(data, selection).join(far, on=KEY, how="semi").is_empty()
