"""`push` against a hub on this machine: what arrives, what is refused, and what nobody sees."""

import shutil

import huggingface_hub.constants as constants
import pytest

import negmine
from negmine.errors import HubError, MissingArtifact, SettingsError
from tests.analysis.push.hub import TOKEN

REPO = "me/negatives"
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # of the library


@pytest.fixture
def work(finished, tmp_path):
    """A copy of the finished run."""
    return shutil.copytree(finished, tmp_path / "work")


def test_what_arrives_is_what_lies_in_the_folder_without_manifests(hub, work):
    sent = negmine.push(work, REPO)
    files = hub.repos[REPO]["files"]
    assert {name: (work / "5-write" / name).read_bytes() for name in files} == files
    assert sorted(files) == [
        "README.md",
        "ids/documents.parquet",
        "ids/queries.parquet",
        "ids/train.parquet",
        "provenance-ids/part-00000.parquet",
        "provenance/part-00000.parquet",
        "short/part-00000.parquet",
        "triplet/part-00000.parquet",
    ]
    assert hub.lfs == files.keys() - {"README.md"}
    assert [one["file"] for one in sent["files"]] == sorted(files)
    assert sent["bytes"] == sum(map(len, files.values()))
    assert (sent["created"], sent["removed"], sent["commit"]) == (True, [], hub.sha(REPO))
    assert not hub.repos[REPO]["private"]


def test_a_new_repository_is_private_if_that_is_asked_for(hub, work):
    assert negmine.push(work, REPO, private=True)["private"]
    assert hub.repos[REPO]["private"]
    assert negmine.push(work, REPO)["private"]  # it stays so


def test_private_does_not_publish_into_a_repository_that_is_public(hub, work):
    hub.repo(REPO)
    with pytest.raises(HubError, match="public"):
        negmine.push(work, REPO, private=True)
    assert hub.repos[REPO]["files"] == {}


def test_a_second_push_removes_what_the_first_has_sent_and_keeps_other_files(hub, work):
    negmine.push(work, REPO)
    files = hub.repos[REPO]["files"]
    files |= {"triplet/part-00001.parquet": b"old", "LICENSE": b"mine", "notes/a.txt": b"mine"}
    assert negmine.push(work, REPO)["removed"] == ["triplet/part-00001.parquet"]
    assert "triplet/part-00001.parquet" not in files
    assert files["LICENSE"] == files["notes/a.txt"] == b"mine"


def test_a_card_of_somebody_else_is_replaced_only_if_that_is_said(hub, work):
    hub.repo(REPO, README_md="# My own words")
    with pytest.raises(HubError, match="--replace-card"):
        negmine.push(work, REPO)
    assert hub.repos[REPO]["files"] == {"README.md": b"# My own words"}
    negmine.push(work, REPO, replace_card=True)
    assert b"mined by negmine" in hub.repos[REPO]["files"]["README.md"]


def test_a_dry_run_asks_nobody_and_needs_no_token(hub, work, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    planned = negmine.push(work, REPO, dry_run=True)
    assert not planned["sent"]
    assert len(planned["files"]) == 8
    assert planned["url"] == f"{hub.url}/datasets/{REPO}"
    assert hub.requests == []


def test_stale_files_are_not_sent_and_the_message_has_the_commands(hub, work):
    negmine.filter(work, skip_top=1)
    with pytest.raises(MissingArtifact, match=r"5-write/triplet is stale .* negmine write .*work$"):
        negmine.push(work, REPO)
    assert hub.requests == []
    negmine.write(work)
    assert negmine.push(work, REPO)["sent"]


def test_a_format_that_an_earlier_command_left_must_be_of_these_verdicts_too(hub, work):
    negmine.write(work, format=["triplet"])
    assert "ids/train.parquet" in {one["file"] for one in negmine.push(work, REPO)["files"]}
    negmine.write(work, format=["triplet"], num_negatives=1)
    with pytest.raises(MissingArtifact, match=r"write .*work --format triplet --format ids$"):
        negmine.push(work, "me/other")
    assert "me/other" not in hub.repos


def test_a_missing_part_is_not_sent(hub, work):
    (work / "5-write" / "triplet" / "part-00000.parquet").unlink()
    with pytest.raises(MissingArtifact, match="5-write/triplet is partial"):
        negmine.push(work, REPO)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/datasets", 401, "HF_TOKEN"),
        ("/api/repos/create", 403, "write access"),
        ("/api/repos/create", 404, "no such owner"),
        ("/api/repos/create", 409, "Run the same command again"),
        ("/commit/", 412, "has changed meanwhile"),
        ("/commit/", 500, "answers 500"),
        ("/preupload/", 403, "write access"),
        ("/objects/batch", 403, "write access"),
    ],
)
def test_a_refusal_is_a_message_with_what_to_do_and_without_the_token(
    hub, work, path, status, words
):
    hub.refusals[path] = (status, f"no, {TOKEN}")
    with pytest.raises(HubError, match=words) as caught:
        negmine.push(work, REPO)
    assert f"{hub.url}/datasets/{REPO}, while " in str(caught.value)
    assert TOKEN not in str(caught.value)
    hub.refusals.clear()
    assert negmine.push(work, REPO)["commit"] == hub.sha(REPO)  # the same command goes on


def test_a_commit_that_comes_in_between_is_not_overwritten(hub, work, monkeypatch):
    negmine.push(work, REPO)
    negmine.write(work, num_negatives=1)
    monkeypatch.setattr(hub, "_mode", lambda full, asked: _meanwhile(hub, asked))
    with pytest.raises(HubError, match="412"):
        negmine.push(work, REPO)
    assert hub.repos[REPO]["files"]["new.txt"] == b"of somebody else"


def _meanwhile(hub, asked):
    hub.repos[REPO]["files"]["new.txt"] = b"of somebody else"
    mode = "lfs" if asked["path"].endswith(".parquet") else "regular"
    return {"path": asked["path"], "uploadMode": mode, "shouldIgnore": False}


@pytest.mark.parametrize("part", ["/commit/", "/api/repos/create", "/api/datasets"])
def test_a_connection_that_breaks_is_a_message_and_the_same_command_goes_on(hub, work, part):
    hub.cut = part
    with pytest.raises(HubError, match="Run the same command again"):
        negmine.push(work, REPO)
    hub.cut = None
    assert negmine.push(work, REPO)["commit"] == hub.sha(REPO)


def test_what_has_arrived_is_not_sent_again(hub, work):
    hub.refusals["/commit/"] = (500, "no")
    with pytest.raises(HubError):
        negmine.push(work, REPO)
    hub.refusals.clear()
    hub.requests.clear()
    negmine.push(work, REPO)
    assert not [path for _, path in hub.requests if "/stored/" in path]


def test_the_token_of_a_login_is_used_and_not_shown(hub, work, monkeypatch, tmp_path):
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(HubError, match="there is no token"):
        negmine.push(work, REPO)
    assert hub.requests == []
    (tmp_path / "login").write_text(TOKEN)
    hub.refusals["/commit/"] = (500, f"what is {TOKEN}?")
    with pytest.raises(HubError) as caught:
        negmine.push(work, REPO)
    assert "what is [secret]?" in str(caught.value)
    hub.refusals.clear()
    assert negmine.push(work, REPO)["sent"]


def test_a_wrong_token_is_refused(hub, work, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong_wrong_wrong")
    with pytest.raises(HubError, match="does not take the token"):
        negmine.push(work, REPO)


def test_offline_sends_nothing(hub, work, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        negmine.push(work, REPO)


@pytest.mark.parametrize("repo", ["negatives", "a/b/c", "me/", "me/a b", "https://hf.co/me/n", ""])
def test_a_name_that_no_repository_can_have_is_refused(hub, work, repo):
    with pytest.raises(SettingsError, match="OWNER/NAME"):
        negmine.push(work, repo)
    assert hub.requests == []
