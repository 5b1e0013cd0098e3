"""Which query is meant: its id, or words of its text."""

import polars as pl
import pytest

from negmine.data.find_query import find_query
from negmine.errors import InputError

QUERIES = pl.LazyFrame(
    {
        "query_id": ["1", "2", "3", "4", "blood"],
        "text": [
            "Low blood pressure and age",
            "Blood  PRESSURE is high",
            "pressure of blood",
            "low blood pressure and AGE",
            "a query with a word for an id",
        ],
        "same_as": [None, None, None, "1", None],
    },
    schema={"query_id": pl.String, "text": pl.String, "same_as": pl.String},
)


@pytest.mark.parametrize(
    ("query", "query_id"),
    [
        ("2", "2"),
        ("blood", "blood"),  # the id comes before the words
        ("low age", "1"),  # in any order; a copy of the query does not count
        ("IS high", "2"),
        ("pressure of blood", "3"),  # as it stands, though 1 and 2 ...
        ("a word", "blood"),
    ],
)
def test_an_id_or_words_name_one_query(query, query_id):
    assert find_query(QUERIES, query).query_id == query_id


def test_the_words_as_they_stand_decide_between_several():
    two = pl.LazyFrame(
        {"query_id": ["1", "2"], "text": ["high blood pressure", "pressure of high blood"]}
    ).with_columns(same_as=pl.lit(None, pl.String))
    assert find_query(two, "blood pressure").query_id == "1"


def test_a_copy_is_found_by_its_id_and_names_the_first_one():
    assert find_query(QUERIES, "4") == ("4", "low blood pressure and AGE", "1")
    assert find_query(QUERIES, "2") == ("2", "Blood  PRESSURE is high", "2")


def test_several_queries_are_listed_with_their_texts():
    with pytest.raises(InputError) as error:
        find_query(QUERIES, "blood pressure")
    assert str(error.value).splitlines() == [
        '3 queries contain "blood pressure". Name one by its query_id:',
        "  1  Low blood pressure and age",
        "  2  Blood PRESSURE is high",
        "  3  pressure of blood",
    ]


def test_a_long_list_ends_with_a_count():
    many = pl.LazyFrame({"query_id": [str(n) for n in range(30)], "text": ["same"] * 30})
    with pytest.raises(InputError, match=r"30 queries contain[\s\S]*and 20 more"):
        find_query(many.with_columns(same_as=pl.lit(None, pl.String)), "same")


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("bloods", 'Did you mean "blood"?'),
        ("presure hihg", 'Did you mean "2" (Blood PRESSURE is high)?'),
        ("zzz", 'The first query_id is "1".'),
        ("", 'The first query_id is "1".'),
    ],
)
def test_nothing_found_names_the_nearest(query, hint):
    with pytest.raises(InputError) as error:
        find_query(QUERIES, query)
    assert str(error.value).endswith(hint)
