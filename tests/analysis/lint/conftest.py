"""A file with one of each fault, for all tests of the command."""

import pytest

from tests.analysis.lint.test_planted import planted
from tests.analysis.lint.writers import write


@pytest.fixture(scope="session")
def faulty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faulty")
    return write(folder, planted()[0], "n-tuple", ".parquet", scored=True)[0]
