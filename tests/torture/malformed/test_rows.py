"""Each row of the campaign ends as it says: exit code, words, no traceback, a message that has an end."""

from collections import Counter

import pytest

from tests.torture.malformed.campaign import all_rows, chosen
from tests.torture.malformed.other_rows import write_vectors
from tests.torture.malformed.rows import faults, run, write_valid


@pytest.fixture(scope="session")
def valid(tmp_path_factory):
    folder = tmp_path_factory.mktemp("valid")
    write_valid(folder)
    write_vectors(folder)
    return folder


@pytest.mark.parametrize("row", chosen(), ids=lambda row: ascii(row.name[:60]))
def test_a_malformed_input_ends_as_its_row_says(row, valid, tmp_path):
    wrong = faults(row, run(row, valid, tmp_path))
    assert not wrong, "\n".join([row.name, *wrong])


def test_rows_have_names_of_their_own_and_are_enough():
    names = Counter(row.name for rows in all_rows().values() for row in rows)
    assert not [name for name, count in names.items() if count > 1]
    assert names.total() >= 450
