"""`negmine explain` by id and by words."""

from tests.cli.conftest import answer, invoke


def test_words_of_a_query_are_as_good_as_its_id(work):
    by_id, by_words = answer("explain", work, "q3"), answer("explain", work, "cats SLEEP long")
    assert by_words.pop("asked_for") == "cats SLEEP long"
    assert by_id.pop("asked_for") == "q3"
    assert by_id == by_words


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
