"""Training files are read by the trainers that they are for. Trainers that are not installed are skipped."""

import json
from pathlib import Path

import pytest

from negmine.stages.write.formats.registry import FORMATS
from tests.trainers.checks import CHECKS
from tests.trainers.written import rows, write

TRIED = Path(__file__).parents[2] / "docs" / "reference" / "formats-tried.json"


@pytest.fixture(scope="session")
def work(tmp_path_factory):
    """Return a work directory with every format."""
    return write(tmp_path_factory.mktemp("written"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_trainer_reads_what_was_written(check, work, tmp_path):
    if not check.is_installed():
        pytest.skip(f"{check.trainer} is not installed: see docs/trainers.py")
    written = rows(work, check.format)
    assert written
    check.run(work / "5-write", written, tmp_path)


def test_every_format_has_a_check():
    assert {check.format for check in CHECKS} == set(FORMATS)


def test_the_table_in_the_docs_is_about_these_checks():
    listed = [(one["format"], one["trainer"], one["what"]) for one in json.loads(TRIED.read_text())]
    known = [(check.format, check.trainer, check.what) for check in CHECKS]
    assert [one for one in known if one in listed] == listed
