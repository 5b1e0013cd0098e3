"""`negmine push` as a command: its table, its envelope, its exit codes, and no token anywhere."""

import json

import pytest
from typer.testing import CliRunner

from negmine.cli.app import app
from tests.analysis.push.conftest import finished, hub  # noqa: F401
from tests.analysis.push.hub import TOKEN

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # of the library


def run(*arguments):
    return CliRunner().invoke(app, ["push", *map(str, arguments)], env={"COLUMNS": "120"})


def rows(done):
    return [line.split() for line in done.stdout.splitlines()]


def test_a_dry_run_shows_folders_bytes_and_address(finished, hub):  # noqa: F811
    done = run(finished, "me/new", "--private", "--dry-run")
    assert done.exit_code == 0
    card = (finished / "5-write" / "README.md").stat().st_size
    assert ["README.md", "1", f"{card:,}"] in rows(done)
    assert [row[:2] for row in rows(done) if row and row[0] == "ids/"] == [["ids/", "3"]]
    assert f"Would send 8 files to {hub.url}/datasets/me/new, private if it is new." in done.stdout


def test_the_summary_has_the_address_and_the_note_comes_before(finished, hub):  # noqa: F811
    done = run(finished, "me/sent")
    assert done.exit_code == 0
    assert f"to the new public repository {hub.url}/datasets/me/sent (commit " in done.stdout
    assert "sending 8 files" in done.stderr
    again = json.loads(run(finished, "me/sent", "--json").stdout)["data"]
    assert (again["created"], again["removed"], again["sent"]) == (False, [], True)


def test_a_refusal_of_the_hub_ends_with_1_and_a_wrong_name_with_2(finished, hub):  # noqa: F811
    hub.refusals["/commit/"] = (403, f"not with {TOKEN}")
    done = run(finished, "me/refused", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["errors"][0]["kind"] == "HubError"
    assert TOKEN not in done.stdout + done.stderr
    assert run(finished, "refused").exit_code == 2
