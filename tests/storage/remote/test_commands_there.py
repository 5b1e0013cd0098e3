"""Every command on a work directory on S3: the tables and answers of the same commands on a local one."""

import json
import re

import polars as pl
import pytest
from typer.testing import CliRunner

import negmine
from negmine.cli.app import app
from negmine.storage.open import open_workdir
from negmine.storage.proofs import read_result, read_training, write_result, write_training
from tests.conftest import write_beir, write_vectors
from tests.storage.remote.conftest import KEYS
from tests.storage.remote.test_commands import upload

THERE = "s3://texts/runs/work"
CHANGES_DAILY = ("seconds", "made_at", "bytes", "versions", "files", "file", "work")


def invoke(*arguments):
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    return done


def answer(*arguments):
    """Return the data of a command's JSON, without what is another each time."""
    return plain(json.loads(invoke(*arguments, "--json").stdout)["data"])


def plain(value):
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if key not in CHANGES_DAILY}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def tables(work):
    """Return every table of a work directory: rows in order, by artifact and part."""
    work = open_workdir(work)
    names = sorted(
        path.parent.relative_to(work.root).as_posix()
        for path in work.root.glob("*/*/_manifest.json")
    )
    return {
        f"{name}/{path.name}": pl.read_parquet(path)
        for name in names
        for path in work.part_files(name)
        if path.suffix == ".parquet"
    }  # fmt: skip


def same(here):
    local, remote = tables(here), tables(THERE)
    assert list(local) == list(remote)
    return all(local[name].equals(remote[name]) for name in local)


@pytest.fixture
def data(tmp_path):
    folder = write_beir(tmp_path / "beir")
    write_vectors(folder)
    return folder


@pytest.fixture
def machine(tmp_path, monkeypatch):
    count = iter(range(100))

    def go():
        monkeypatch.setenv("NEGMINE_CACHE", str(tmp_path / f"machine {next(count)}"))

    go()
    return go


def test_every_command_gives_what_it_gives_here(s3, data, tmp_path, machine, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = tmp_path / "work"
    vectors = [
        "--query-vectors",
        data / "queries.npy",
        "--document-vectors",
        data / "documents.npy",
    ]
    settings = ["--data", data, "--k", 8, *vectors]
    for work in (here, THERE):
        invoke("mine", work, *settings, "--relative-margin", 0.05)
    assert same(here)

    machine()
    again = json.loads(invoke("mine", THERE, "--json").stdout)
    assert {one["outcome"] for one in again["data"]["artifacts"]} == {"fresh"}
    assert again["data"]["work"] == THERE
    assert all(one.startswith(f"{THERE}/5-write/") for one in again["data"]["files"])
    frame = pl.read_parquet(again["data"]["files"][0], storage_options=options())
    assert frame.height > 0

    for stage, flags in {
        "index": [], "retrieve": ["--k", 6], "filter": ["--relative-margin", 0.1], "write": [],
    }.items():  # fmt: skip
        for work in (here, THERE):
            invoke(stage, work, *flags)
    assert same(here)

    machine()
    for name, *flags in (
        ["status"], ["show", "--queries", 2], ["leak"], ["sweep", "--grid", "relative_margin=none,0.1"],
    ):  # fmt: skip
        assert answer(name, here, *flags) == answer(name, THERE, *flags), name
    assert answer("explain", here, "q1") == answer("explain", THERE, "q1")
    assert answer("push", here, "a/b", "--dry-run") == answer("push", THERE, "a/b", "--dry-run")
    invoke("report", THERE, "--no-leak")
    assert (tmp_path / "work-report.html").stat().st_size > 10_000
    assert answer("diff", here, THERE)["rows"] == answer("diff", here, here)["rows"]

    linted = [answer("lint", f"{work}/5-write/triplet")["rules"] for work in (here, THERE)]
    assert linted[0] == linted[1]
    for folder in (THERE, f"{THERE}/5-write"):
        told = CliRunner().invoke(app, ["lint", folder]).output
        assert f"Name one of these: {THERE}/5-write/triplet." in told

    labels = tmp_path / "labels.tsv"
    labels.write_text("query_id\tdoc_id\trelevance\nq1\ttea-3\t1\n")
    for work in (here, THERE):
        invoke("label", work, labels)
    machine()
    for work in (here, THERE):
        invoke("mine", work)
    assert same(here)


def options():
    import os

    return {
        "aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": KEYS["AWS_SECRET_ACCESS_KEY"],
        "aws_endpoint_url": os.environ["AWS_ENDPOINT_URL"],
        "aws_region": "us-east-1", "aws_allow_http": "true",
    }  # fmt: skip


def test_data_of_s3_are_mined_there_and_a_killed_command_goes_on_elsewhere(
    s3, data, tmp_path, machine, monkeypatch
):
    from negmine.storage.remote.workdir import RemoteWorkdir

    upload(s3, data)
    negmine.mine(tmp_path / "here", data=data, retriever="bm25", k=5)

    class Killed(BaseException):
        pass

    def commit(self, manifest, real=RemoteWorkdir.commit):
        if manifest.artifact == "2-retrieve/candidates":
            raise Killed
        return real(self, manifest)

    with monkeypatch.context() as patched:
        patched.setattr(RemoteWorkdir, "commit", commit)
        with pytest.raises(Killed):
            negmine.mine(THERE, data="s3://texts/beir", retriever="bm25", k=5)
    machine()
    states = {one.artifact.name: one.state for one in negmine.status(THERE)}
    assert states["2-retrieve/bm25"] == "fresh"
    assert states["2-retrieve/candidates"] == "partial"
    result = negmine.mine(THERE, data="s3://texts/beir", retriever="bm25", k=5)
    outcomes = {one["artifact"]: one["outcome"] for one in result.artifacts}
    assert outcomes["2-retrieve/bm25"] == "fresh"
    assert same(tmp_path / "here")


def test_tables_in_memory_are_found_on_another_machine(s3, machine):
    corpus = pl.DataFrame(
        {"doc_id": ["a", "b", "c"], "text": ["green tea", "black tea", "cats sleep"]}
    )
    queries = pl.DataFrame({"query_id": ["q"], "text": ["tea"]})
    qrels = pl.DataFrame({"query_id": ["q"], "doc_id": ["a"], "relevance": [1]})
    given = {"corpus": corpus, "queries": queries, "qrels": qrels}
    negmine.mine(THERE, **given, retriever="bm25", k=3)
    machine()
    assert {one.state for one in negmine.status(THERE)} == {"fresh"}
    assert negmine.write(THERE, num_negatives=1).summary["rows_written"] > 0


def test_proofs_are_found_on_another_machine(s3, data, machine):
    negmine.mine(THERE, data=data, retriever="bm25", k=3)
    work = open_workdir(THERE)
    write_training(
        work, "0" * 16, pl.DataFrame({"query_id": ["q1"], "ndcg@10": [0.5]}), {"steps": 3}
    )
    write_result(work, {"student": "s"})
    machine()
    there = open_workdir(THERE)
    rows, facts = read_training(there, "0" * 16)
    assert (rows["ndcg@10"].to_list(), facts) == ([0.5], {"steps": 3})
    assert read_result(there) == {"student": "s"}


def test_no_key_is_stored_or_shown(s3, data, machine, tmp_path, monkeypatch):
    done = invoke("mine", THERE, "--data", data, "--retriever", "bm25")
    secret = KEYS["AWS_SECRET_ACCESS_KEY"]
    assert secret not in done.output
    stored = s3.list_objects_v2(Bucket="texts")["Contents"]
    bodies = [s3.get_object(Bucket="texts", Key=one["Key"])["Body"].read() for one in stored]
    local = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(re.search(secret.encode(), body) for body in bodies + local)
