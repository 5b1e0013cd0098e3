"""`negmine explain` by id and by words."""

import pytest

import negmine
from tests.cli.conftest import answer, invoke


def test_words_of_a_query_are_as_good_as_its_id(work):
    by_id, by_words = answer("explain", work, "q3"), answer("explain", work, "cats SLEEP long")
    assert by_words.pop("asked_for") == "cats SLEEP long"
    assert by_id.pop("asked_for") == "q3"
    assert (by_id.pop("found_by"), by_words.pop("found_by")) == ("id", "words")
    assert by_id == by_words


def test_one_word_that_may_be_a_mistyped_id_is_told_to_be_none(work):
    done = invoke("explain", work, "cats")
    assert done.exit_code == 0
    assert 'no query has the id "cats"' in done.stderr
    assert "no query has the id" not in invoke("explain", work, "q3").stderr
    assert "no query has the id" not in invoke("explain", work, "cats sleep").stderr


def test_words_of_several_queries_list_them(work):
    done = invoke("explain", work, "list order")
    assert done.exit_code == 0
    several = invoke("explain", work, "o")
    assert several.exit_code == 1
    assert 'queries contain "o". Name one by its query_id:' in several.output
    assert "q3  how long do cats sleep" in several.output


def test_words_of_no_query_name_the_nearest(work):
    done = invoke("explain", work, "how lang do doogs sleeep")
    assert done.exit_code == 1
    assert 'Did you mean "q3" (how long do cats sleep)?' in done.output


@pytest.mark.parametrize(
    ("flags", "rows"), [([], None), (["--limit", 2], 2), (["--limit", 0], None)]
)
def test_json_has_all_rows_unless_a_limit_is_given(work, flags, rows):
    every = negmine.explain(work, "q3")["rows"]
    assert len(every) > 2
    assert len(answer("explain", work, "q3", *flags)["rows"]) == (rows or len(every))


def test_the_text_counts_all_rows_whatever_the_limit(work):
    every = negmine.explain(work, "q3")["rows"]
    assert f"{len(every)} rows, " in invoke("explain", work, "q3", "--limit", 2).output
