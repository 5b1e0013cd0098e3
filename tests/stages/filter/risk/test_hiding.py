"""Hiding positives: what is hidden, and that tables are then as if nobody had known them."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import negmine
from negmine.config.fusion import fusion_of
from negmine.errors import SettingsError
from negmine.stages.filter.risk.hiding import as_if_hidden, hidden, read_hide
from negmine.storage.layout import CANDIDATES
from negmine.storage.workdir import Workdir
from tests.configs import resolve
from tests.conftest import write_beir, write_vectors

MANY = [
    ("q3", "cat-1", 1), ("q3", "cat-4", 1), ("q3", "mix-3", 1), ("q3", "cat-2", 1), ("q3", "cat-3", 0),
    ("q4", "py-1", 1), ("q4", "py-2", 1), ("q8", "py-4", 1), ("q1", "tea-1", 1), ("q1", "tea-4", 1),
    ("q1", "tea-6", 1), ("q5", "jp-1", 1),
]  # fmt: skip
KNOWN = pl.DataFrame([(q, d) for q, d, r in MANY if r], schema=["query_id", "doc_id"], orient="row")


def counts(pairs):
    return dict(pairs.group_by("query_id").len().iter_rows())


def test_half_of_each_query_is_hidden_and_one_is_always_left():
    assert counts(hidden(KNOWN, 0.5)) == {"q3": 2, "q4": 1, "q1": 2}
    assert counts(hidden(KNOWN, 0.01)) == {"q3": 1, "q4": 1, "q1": 1}
    assert counts(hidden(KNOWN, 0.99)) == {"q3": 3, "q4": 1, "q1": 2}
    assert counts(hidden(KNOWN, "all-but-one")) == {"q3": 3, "q4": 1, "q1": 2}


@given(st.integers(0, 50), st.permutations(KNOWN.rows()))
def test_what_is_hidden_depends_on_seed_and_query_alone(seed, rows):
    shuffled = pl.DataFrame(rows, schema=["query_id", "doc_id"], orient="row")
    found = hidden(shuffled, 0.5, seed)
    assert found.sort(["query_id", "doc_id"]).equals(
        hidden(KNOWN, 0.5, seed).sort(["query_id", "doc_id"])
    )
    alone = hidden(KNOWN.filter(pl.col("query_id") == "q3"), 0.5, seed)
    assert alone.rows() == [pair for pair in hidden(KNOWN, 0.5, seed).rows() if pair[0] == "q3"]


def test_another_seed_hides_others():
    assert len({str(hidden(KNOWN, 0.5, seed).rows()) for seed in range(10)}) > 3


@pytest.mark.parametrize("said", ["0", "1", "-1", "nan", "half", "all"])
def test_a_share_is_between_zero_and_one(said):
    with pytest.raises(SettingsError, match="all-but-one"):
        read_hide(said)


BOTH = ["bm25", "dense"]
HOW = [(names, {}, hide) for names in (BOTH, ["dense"], ["bm25"]) for hide in (0.5, "all-but-one")]
HOW += [
    (BOTH, {"fusion": "relative-score", "fusion_weight": ["bm25=0.3"]}, 0.5),
    (BOTH, {"candidates": "intersection", "fusion": "relative-score"}, 0.5),
    (BOTH, {"candidates": "bm25", "rrf_k": 1}, "all-but-one"),
]


@pytest.mark.parametrize("k", [3, 6, 40])
@pytest.mark.parametrize(("retrievers", "fusion", "hide"), HOW)
def test_candidates_are_those_of_a_run_that_never_knew_the_hidden(
    tmp_path, k, retrievers, fusion, hide
):
    """The oracle: mine again with the hidden rows taken out of the qrels."""
    pairs = hidden(KNOWN, hide)
    lost = set(pairs.rows())
    known = write_beir(tmp_path / "known", qrels=MANY)
    fewer = write_beir(tmp_path / "fewer", qrels=[row for row in MANY if row[:2] not in lost])
    vectors = write_vectors(tmp_path) if "dense" in retrievers else {}
    flags = {"retriever": retrievers, "k": k, "no_risk": True, **vectors, **fusion}
    found = {}
    for name, data in (("known", known), ("fewer", fewer)):
        work = tmp_path / f"w-{name}"
        negmine.mine(work, data=data, **flags)
        found[name] = pl.concat(Workdir(work).parts(CANDIDATES))
    how = fusion_of(resolve({"data": known, **flags}))
    trial = as_if_hidden(found["known"], pairs, retrievers, k, how)
    assert set(trial.filter("hidden").select("query_id", "doc_id").rows()) <= lost
    assert_frame_equal(trial.select(found["fewer"].columns), found["fewer"])
