"""What `negmine label` says of what it has kept."""

import pytest

from negmine.cli.render.label import labels

KEPT = {
    "work": "w",
    "new": 0,
    "changed": 0,
    "unchanged": 2,
    "relevant": 1,
    "not_relevant": 1,
    "against_qrels": 0,
    "unanswered": 3,
    "labels": 2,
}


@pytest.mark.parametrize(
    ("kept", "is_advised"),
    [
        (KEPT, False),
        (KEPT | {"new": 1}, True),
        (KEPT | {"changed": 1}, True),
        ({"work": "w", "forgotten": 0}, False),
        ({"work": "w", "forgotten": 2}, True),
    ],
)
def test_the_next_command_is_named_only_where_something_has_changed(kept, is_advised):
    last = labels(kept).splitlines()[-1]
    assert last == (
        "So that everything follows: negmine mine w" if is_advised else "Nothing has changed."
    )
