"""Settings of fusion: what is refused, and what shapes rows."""

import pytest

from negmine.config.fusion import Fusion, fusion_of, shaping
from negmine.errors import SettingsError
from tests.configs import resolve

BOTH = {"data": "d", "retriever": ["bm25", "dense"]}


def test_the_default_is_reciprocal_rank_fusion_of_the_union_with_k_60():
    config = resolve(BOTH)
    assert fusion_of(config) == Fusion("rrf", 60, {}, "union")
    assert shaping(config) == {}


def test_what_was_given_is_what_is_in_force():
    given = {"fusion": "rrf", "rrf_k": 10, "fusion_weight": ["dense=2", "bm25=0"]}
    config = resolve(BOTH | given | {"candidates": "dense"})
    assert fusion_of(config) == Fusion("rrf", 10, {"dense": 2.0, "bm25": 0.0}, "dense")
    assert fusion_of(config).weight("bm25") == 0
    assert shaping(config) == {
        "rrf_k": 10,
        "fusion_weight": ["bm25=0.0", "dense=2.0"],
        "candidates": "dense",
    }


def test_a_weight_of_1_and_a_k_that_nothing_reads_shape_no_rows():
    assert shaping(resolve(BOTH | {"fusion_weight": ["bm25=1", "dense=1.0"]})) == {}
    idle = resolve(BOTH | {"fusion": "relative-score"}, remembered=resolve(BOTH | {"rrf_k": 9}))
    assert shaping(idle) == {"fusion": "relative-score"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fusion_weight": ["dens=2"]}, "--fusion-weight dens=2: .*Did you mean 'dense'"),
        ({"fusion_weight": ["dense"]}, "give NAME=NUMBER"),
        ({"fusion_weight": ["dense=-1"]}, "0 or more"),
        ({"fusion_weight": ["dense=nan"]}, "0 or more"),
        ({"fusion_weight": ["dense=inf"]}, "0 or more"),
        ({"fusion_weight": ["dense=1", "dense=2"]}, "dense has two weights"),
        ({"fusion_weight": ["dense=0", "bm25=0"]}, "every retriever has the weight 0"),
        ({"candidates": "intersect"}, "Did you mean 'intersection'"),
        ({"candidates": "sparse"}, "There are: union, intersection, bm25, dense"),
        ({"fusion": "relative-score", "rrf_k": 9}, "--rrf-k: nothing reads it"),
        ({"rrf_k": -1}, "rrf-k"),
        ({"fusion": "sum"}, "fusion"),
    ],
)
def test_settings_that_cannot_work_are_refused(given, message):
    with pytest.raises(SettingsError, match=message):
        resolve(BOTH | given)
