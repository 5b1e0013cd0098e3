"""`negmine show` on terminals of every width, and as JSON."""

import pytest

from tests.cli.conftest import answer, invoke


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_query_its_positives_and_negatives_are_readable_at_every_width(work, width):
    shown = invoke("show", work, "q3", width=width).output
    for piece in ("query q3", "how long do cats sleep", "+ positive cat-1", "+ positive cat-4"):
        assert piece in shown
    assert "- negative" in shown
    assert "bm25" in shown
    assert max(map(len, shown.splitlines())) <= width


def test_a_seed_draws_the_same_queries_again_and_another_draws_others(work):
    def drawn(seed):
        return [
            one["query_id"]
            for one in answer("show", work, "--queries", 3, "--seed", seed)["examples"]
        ]

    assert drawn(1) == drawn(1)
    assert len({tuple(drawn(seed)) for seed in range(8)}) > 1


def test_words_of_a_query_are_as_good_as_its_id(work):
    assert answer("show", work, "cats SLEEP long") == answer("show", work, "q3")


@pytest.mark.parametrize("query", ["q33", "o", "how lang do doogs sleeep"])
def test_a_query_that_is_not_there_is_told_as_explain_tells_it(work, query):
    shown, explained = invoke("show", work, query), invoke("explain", work, query)
    assert shown.exit_code == 1
    assert shown.output == explained.output


def test_a_query_without_rows_is_refused_with_what_explains_it(work):
    done = invoke("show", work, "q7")
    assert done.exit_code == 1
    assert (
        'Query "q7" has no row in the training file. To see why, run: negmine explain'
        in done.output
    )


def test_before_write_it_names_the_command_to_run(work, tmp_path):
    done = invoke("show", tmp_path / "nothing")
    assert done.exit_code == 1
    assert "negmine mine" in done.output
