"""Which positives a negative is compared with."""

import negmine
from negmine.analysis.lint.checks.near_duplicates import MOST_POSITIVES
from tests.analysis.lint.writers import counts_of, rows_of, save, sentence


def test_a_negative_is_compared_with_the_first_64_positives_and_those_of_its_row(tmp_path):
    def row(n, **other):
        base = {"anchor": "one query", "positive": sentence(n), "negative": sentence(1000 + n)}
        return base | other

    rows = [row(n) for n in range(MOST_POSITIVES + 3)]
    rows[0]["negative"] = "Well " + sentence(MOST_POSITIVES - 1)  # the last of the 64
    rows[1]["negative"] = "Well " + sentence(MOST_POSITIVES)  # the one after it
    rows[-1]["negative"] = "Well " + sentence(MOST_POSITIVES + 2)  # its own, the 67th
    report = negmine.lint(save(tmp_path / "x.jsonl", rows))
    kinds = ("near_duplicate_of_other_positive", "near_duplicate_of_positive")
    assert counts_of(report) == dict.fromkeys(kinds, 1)
    assert [rows_of(report, kind) for kind in kinds] == [[1], [len(rows)]]
