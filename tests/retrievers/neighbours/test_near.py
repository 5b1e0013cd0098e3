"""Distances by hand, and the search against brute force."""

import math

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.settings import IndexSettings
from negmine.data.sources.problems import Problems
from negmine.errors import InputError
from negmine.retrievers.neighbours.retriever import Neighbours
from negmine.retrievers.neighbours.values import points, scores

PLACES = IndexSettings(neighbour_latitude="lat", neighbour_longitude="lon")


def column(**settings):
    return IndexSettings(neighbour_column="c", **settings)


def rows(values, second=None):
    ids = [f"d{n:02}" for n in range(len(values))]
    named = {"c": values} if second is None else {"lat": values, "lon": second}
    texts = {name: [v if v is None else str(v) for v in column] for name, column in named.items()}
    return pl.DataFrame(
        {"doc_id": ids, **texts}, {"doc_id": pl.String, **dict.fromkeys(texts, pl.String)}
    )


def made(frame, settings, skip=False):
    problems = Problems(skip=skip)
    result = points(frame, settings, problems)
    problems.raise_if_any()
    return result


def opened(frame, settings, positives):
    """A retriever over these documents; positives: positions, by query."""
    table = pl.DataFrame(
        [(f"q{q}", doc) for q, docs in enumerate(positives) for doc in docs],
        {"query_id": pl.String, "doc": pl.Int64},
        orient="row",
    )
    order = np.arange(frame.height)
    return Neighbours(made(frame, settings), order, lambda ids: table)


def queries(number):
    return pa.table({"query_id": [f"q{n}" for n in range(number)]})


def hits_of(retriever, number, k):
    hits = retriever.search(queries(number), k)
    return [
        [(int(d), float(s)) for d, s in zip(docs, scores, strict=True) if d >= 0]
        for docs, scores in zip(*hits, strict=True)
    ]


def test_two_points_at_0_0_and_0_6_28_degrees_are_698_km_apart():
    """The worked example of Sample4Geo, whose code gives the library degrees where it wants radians."""
    retriever = opened(rows([0, 0, 0], [0, 6.28, 3]), PLACES, [[0]])
    assert hits_of(retriever, 1, 5) == [
        [(2, pytest.approx(-333.585, abs=0.01)), (1, pytest.approx(-698.305, abs=0.01))]
    ]


@pytest.mark.parametrize(
    ("left", "right", "kilometres"),
    [
        ((0, 0), (0, 180), math.pi * 6371.0088),  # half around
        ((90, 10), (90, -120), 0),  # the pole has every longitude
        ((0, 179.5), (0, -179.5), 111.195),  # across the date line
        ((52.52, 13.405), (48.8566, 2.3522), 877.46),  # Berlin, Paris
    ],
)
def test_distances_on_the_sphere(left, right, kilometres):
    pair = [np.radians(np.array([point], float)) for point in (left, right)]
    assert -scores("place", *pair)[0] == pytest.approx(kilometres, abs=0.01)


def test_numbers_are_ordered_by_difference_and_ties_by_doc_id():
    retriever = opened(rows(["10", "12", "8.0", "-5", "", None, "10"]), column(), [[0]])
    assert hits_of(retriever, 1, 9) == [[(6, 0.0), (1, -2.0), (2, -2.0), (3, -15.0)]]


def test_dates_are_days_apart():
    values = [
        "2024-02-28",
        "2024-03-01",
        "2024-02-28T12:00:00",
        "2024-02-27 00:00:00",
        "2024-03-02T01:00:00+01:00",
    ]
    retriever = opened(rows(values), column(), [[0]])
    assert hits_of(retriever, 1, 9) == [[(2, -0.5), (3, -1.0), (1, -2.0), (4, -3.0)]]


def test_the_same_value_has_score_1_and_another_is_no_neighbour():
    retriever = opened(rows(["red", " red ", "Red", "blue", None]), column(), [[0], [3], [4]])
    assert hits_of(retriever, 3, 9) == [[(1, 1.0)], [], []]
    pairs = retriever.score_pairs(queries(3), np.array([0, 0, 0, 1, 2]), np.array([1, 3, 4, 3, 0]))
    assert np.array_equal(pairs, [1, 0, np.nan, np.nan, np.nan], equal_nan=True)


def test_codes_that_are_numbers_can_be_looked_up_for_the_same_value():
    frame = rows(["7", "7", "8"])
    assert hits_of(opened(frame, column(neighbour_match="same"), [[0]]), 1, 9) == [[(1, 1.0)]]
    assert hits_of(opened(frame, column(), [[0]]), 1, 9) == [[(1, 0.0), (2, -1.0)]]


def test_queries_whose_positives_have_no_value_find_nothing():
    assert hits_of(opened(rows([0, None], [0, None]), PLACES, [[1]]), 1, 9) == [[]]
    assert hits_of(opened(rows(["7", None]), column(), [[1]]), 1, 9) == [[]]


def test_a_positive_is_found_by_the_other_positives_alone():
    retriever = opened(rows([0, 1, 5, 9]), column(), [[0, 2], [1]])
    assert hits_of(retriever, 2, 9) == [
        [(1, -1.0), (3, -4.0), (0, -5.0), (2, -5.0)], [(0, -1.0), (2, -4.0), (3, -8.0)]
    ]  # fmt: skip
    own = retriever.score_pairs(queries(2), np.array([1]), np.array([1]))
    assert np.isnan(own).all()


@pytest.mark.parametrize(
    ("frame", "settings", "message"),
    [
        (rows(["1", "2", "ten"]), column(), 'document "d02": c "ten" is not a number'),
        (rows(["1", "2", "inf"]), column(), 'c "inf" is not a number'),
        (rows(["2024-01-01", "soon"]), column(), 'c "soon" is not a date'),
        (rows(["a", "b"]), column(neighbour_match="nearest"), 'c "a" is not a number'),
        (rows(["91"], ["0"]), PLACES, 'lat "91" is not a latitude'),
        (rows(["0"], ["east"]), PLACES, 'lon "east" is not a longitude'),
    ],
)
def test_a_value_that_cannot_be_read_is_an_error_or_counts_as_none(frame, settings, message):
    with pytest.raises(InputError, match=message):
        made(frame, settings)
    assert made(frame, settings, skip=True).place[-1] == -1


def test_five_bad_values_are_shown_and_all_are_counted():
    with pytest.raises(InputError) as error:
        made(rows([*range(30), *["x"] * 20]), column())
    assert str(error.value).count("is not a number") == 5
    assert "and 15 more" in str(error.value)


VALUES = st.lists(
    st.one_of(st.none(), st.integers(-9, 9), st.sampled_from([0.25, 1e9, -1e30])), min_size=1
)
KINDS = st.sampled_from(["same", "nearest", "place"])


@given(values=VALUES, kind=KINDS, k=st.integers(1, 6), data=st.data())
def test_search_is_what_brute_force_says_and_pairs_have_its_scores(values, kind, k, data):
    if kind == "place":
        degrees = [None if v is None else v % 90 for v in values]
        frame = rows(degrees, [None if v is None else -v for v in degrees])
        settings = PLACES
    else:
        frame, settings = rows(values), column(neighbour_match=kind)
    docs = st.lists(st.integers(0, len(values) - 1), min_size=1, max_size=3, unique=True)
    positives = data.draw(st.lists(docs, min_size=1, max_size=3))
    retriever = opened(frame, settings, positives)
    made_points = made(frame, settings)
    hits = hits_of(retriever, len(positives), k)
    for query, anchors in enumerate(positives):
        expected = []
        for doc in range(len(values)):
            others = [one for one in anchors if one != doc]
            pairs = [
                scores(
                    made_points.kind,
                    *(made_points.values[[made_points.place[one]]] for one in pair),
                )[0]
                for pair in ((anchor, doc) for anchor in others)
                if min(made_points.place[list(pair)]) >= 0
            ]
            score = retriever.score_pairs(
                queries(len(positives)), np.array([query]), np.array([doc])
            )[0]
            assert np.isnan(score) if not pairs else score == max(pairs)
            if pairs and not (kind == "same" and score == 0):
                expected.append((doc, float(score)))
        assert hits[query] == sorted(expected, key=lambda hit: (-hit[1], hit[0]))[:k]
