"""Commands on data at addresses: mined, noticed as changed, never with a secret in what is stored or shown."""

import json
from pathlib import Path

import polars as pl
import pytest
from huggingface_hub import constants

import negmine
from negmine.analysis.init.init import init
from negmine.errors import InputError, NotTrusted
from negmine.stages.estimate import estimate
from negmine.stages.filter.judge.chat import rules_of
from negmine.stages.opening import context_to_mine, open_existing
from negmine.storage.trust import Trust
from tests.conftest import write_beir
from tests.storage.remote.conftest import KEYS
from tests.storage.remote.test_hub import mteb, parquet

FAST = {"retriever": ["bm25"], "k": 5}


def upload(s3, folder, prefix="beir"):
    for file in folder.rglob("*"):
        if file.is_file():
            key = f"{prefix}/{file.relative_to(folder).as_posix()}"
            s3.put_object(Bucket="texts", Key=key, Body=file.read_bytes())


def states(work):
    return {one.artifact.name: one for one in negmine.status(work)}


def rows(work, name):
    return pl.read_parquet(work / name / "part-*.parquet")


@pytest.fixture
def work(tmp_path):
    return tmp_path / "work"


def test_a_folder_of_s3_gives_the_rows_of_the_same_folder_here(s3, tmp_path, work):
    folder = write_beir(tmp_path / "beir", gz=True)
    upload(s3, folder)
    negmine.index(tmp_path / "here", data=folder, **FAST)
    negmine.index(work, data="s3://texts/beir", **FAST)
    for name in ("1-index/corpus", "1-index/queries", "1-index/qrels"):
        assert rows(work, name).equals(rows(tmp_path / "here", name))
    manifest = json.loads((work / "1-index" / "corpus" / "_manifest.json").read_text())
    (described,) = manifest["stats"]["remote"]
    assert described["address"] == "s3://texts/beir/corpus.jsonl.gz"
    assert described["version"].startswith("etag ")
    remembered = json.loads((work / "settings.json").read_text())
    assert remembered["index"]["data"] == "s3://texts/beir"


def test_status_says_that_an_object_changed_and_when_it_cannot_look(
    s3, tmp_path, work, monkeypatch
):
    upload(s3, write_beir(tmp_path / "beir"))
    negmine.index(work, data="s3://texts/beir", **FAST)
    assert states(work)["1-index/corpus"].state == "fresh"
    assert states(work)["1-index/corpus"].why == ""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # botocore would pause between tries
    away = states(work)["1-index/corpus"]
    assert (away.state, away.why[:30]) == ("fresh", "not compared with its source: ")
    assert "cannot be reached" in away.why
    monkeypatch.undo()


def test_a_changed_object_makes_its_table_stale(s3, tmp_path, work):
    folder = write_beir(tmp_path / "beir")
    upload(s3, folder)
    negmine.index(work, data="s3://texts/beir", **FAST)
    with (folder / "queries.jsonl").open("a") as stream:
        stream.write('{"_id": "new", "text": "a new query"}\n')
    upload(s3, folder)
    after = states(work)
    assert after["1-index/queries"].why == "the source files changed"
    assert after["1-index/corpus"].state == "fresh"
    negmine.index(work)
    assert "new" in rows(work, "1-index/queries")["query_id"].to_list()


def test_a_bad_row_is_told_at_its_address(s3, tmp_path, work):
    folder = write_beir(tmp_path / "beir")
    with (folder / "corpus.jsonl").open("a") as stream:
        stream.write("{no json\n")
    upload(s3, folder)
    with pytest.raises(InputError) as told:
        negmine.index(work, data="s3://texts/beir", **FAST)
    assert "s3://texts/beir/corpus.jsonl, line 25: invalid JSON" in str(told.value)
    assert "copies" not in str(told.value)


def test_wrong_credentials_are_told_and_none_are_written(s3, moto, tmp_path, work):
    import requests

    upload(s3, write_beir(tmp_path / "beir"))
    requests.post(f"{moto}/moto-api/reset-auth", data="0", timeout=10).close()
    try:
        with pytest.raises(InputError, match=r"access to bucket texts.* is denied .*403") as told:
            negmine.index(work, data="s3://texts/beir", **FAST)
    finally:
        requests.post(f"{moto}/moto-api/reset-auth", data="inf", timeout=10).close()
    negmine.index(work, data="s3://texts/beir", **FAST)
    everything = [str(told.value).encode()]
    everything += [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()]
    assert not [one for one in everything for key in KEYS.values() if key.encode() in one]


def test_a_presigned_address_is_kept_without_its_signature(web, tmp_path, work, capsys):
    folder = write_beir(tmp_path / "beir")
    paths = {"corpus": "corpus.jsonl", "queries": "queries.jsonl", "qrels": "qrels/train.tsv"}
    for path in paths.values():
        web.put(f"/{path}", (folder / path).read_bytes())
    secret = "?X-Amz-Signature=0123456789abcdef0123456789abcdef"
    user = web.url.replace("//", "//user:passw0rd-of-ann@")
    data = {name: f"{user}/{path}{secret}" for name, path in paths.items()}
    negmine.index(work, **data, **FAST)
    kept = [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()]
    assert not [one for one in kept if b"0123456789abcdef" in one or b"passw0rd" in one]
    assert states(work)["1-index/corpus"].state == "fresh"
    web.status["/corpus.jsonl"] = 403
    assert "its query is never kept: name it anew" in states(work)["1-index/corpus"].why


def test_an_address_that_a_received_directory_remembers_needs_trust(web, tmp_path, work):
    folder = write_beir(tmp_path / "beir")
    for path in ("corpus.jsonl", "queries.jsonl", "qrels/train.tsv"):
        web.put(f"/{path}", (folder / path).read_bytes())
    data = {"corpus": f"{web.url}/corpus.jsonl", "queries": f"{web.url}/queries.jsonl"}
    negmine.index(work, **data, qrels=f"{web.url}/qrels/train.tsv", **FAST)
    Trust(work).forget()
    web.requests.clear()
    why = states(work)["1-index/corpus"].why
    assert f"--corpus {web.url}/corpus.jsonl (address)" in why
    assert "is not trusted" in why
    with pytest.raises(NotTrusted):
        negmine.index(work)
    assert web.requests == []
    negmine.trust(work)
    assert states(work)["1-index/corpus"].why == ""


def test_a_dataset_as_mteb_has_it_is_mined_by_name(hub, work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commit = hub.publish("mteb/tea", mteb())
    negmine.mine(work, data="mteb/tea", qrels_split="test", min_relevance=1, **FAST)
    assert rows(work, "1-index/corpus")["doc_id"].to_list() == [f"d{n}" for n in range(6)]
    assert rows(work, "1-index/qrels").rows() == [("q", "d4", 1)]
    manifest = json.loads((work / "1-index" / "corpus" / "_manifest.json").read_text())
    assert {one["revision"] for one in manifest["stats"]["remote"]} == {commit}
    assert len(manifest["stats"]["remote"]) == 2
    remembered = json.loads((work / "settings.json").read_text())
    assert remembered["index"]["data"] == "hf://datasets/mteb/tea"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert {one.state for one in states(work).values()} == {"fresh"}
    assert {one.why for one in states(work).values()} == {""}


def test_a_dataset_of_pairs_is_mined_by_name(hub, work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pairs = [{"query": f"what is {n}", "answer": f"it is the number {n}"} for n in range(6)]
    files = {"pair/train-0.parquet": parquet(pairs[:4]), "pair/train-1.parquet": parquet(pairs[4:])}
    hub.publish("st/nq", files)
    flags = {"query_column": "query", "positive_column": "answer"}
    negmine.index(work, pairs="st/nq", **flags, **FAST)
    assert rows(work, "1-index/queries")["query_id"].to_list() == [
        f"pairs:{n + 1}" for n in range(6)
    ]
    assert rows(work, "1-index/qrels")["doc_id"].to_list() == [f"pairs:{n + 1}" for n in range(6)]
    with pytest.raises(
        InputError, match=r"hf://datasets/st/nq/pair/train-0\.parquet has no column"
    ):
        negmine.index(tmp_path / "other", pairs="st/nq", **FAST)


def test_a_mistyped_folder_is_told_as_a_folder_and_as_a_dataset(hub, work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        InputError, match="data/scifct is no path here, and the Hub has no such dataset"
    ):
        negmine.index(work, data="data/scifct", **FAST)


def test_an_evaluation_set_may_be_a_dataset(hub, work, tmp_path, monkeypatch, beir):
    monkeypatch.chdir(tmp_path)
    hub.publish("mteb/tea", mteb())
    negmine.mine(work, data=beir, **FAST)
    (measured,) = negmine.decontaminate(work, "mteb/tea")["sets"]
    assert (measured["name"], measured["split"], measured["queries"]) == ("tea", "test", 1)
    again = negmine.filter(work, decontaminate=["mteb/tea"], eval_test=["exact"])
    assert "4-filter/contaminated" in [row["artifact"] for row in again.artifacts]
    hub.publish("mteb/tea", mteb(**{"queries.jsonl": b'{"_id": "q", "text": "milk"}\n'}))
    assert states(work)["4-filter/contaminated"].state == "stale"


def test_a_prompt_may_be_an_address(web, work, beir):
    web.put("/prompt.txt", b"Judge {query} by {documents}")
    negmine.mine(work, data=beir, **FAST)
    judge = {"judge_url": "http://localhost:1/v1", "judge_model": "m", "judge_check": 0}
    context = open_existing(work, judge | {"judge_prompt": f"{web.url}/prompt.txt"})
    assert rules_of(context).prompt == "Judge {query} by {documents}"


@pytest.mark.parametrize("as_address", [str, Path])  # a command line makes a Path of it
def test_init_tells_a_folder_of_s3_from_a_file_of_pairs(s3, tmp_path, as_address):
    folder = write_beir(tmp_path / "beir")
    upload(s3, folder)
    pairs = pl.DataFrame({"anchor": ["a", "b"], "positive": ["c", "d"]})
    s3.put_object(Bucket="texts", Key="pairs.csv", Body=pairs.write_csv().encode())
    here = init([folder], {}, tmp_path / "a.toml")
    there = init([as_address("s3://texts/beir")], {}, tmp_path / "b.toml")
    assert [(one["role"], one["rows"]) for one in there["tables"]] == [
        (one["role"], one["rows"]) for one in here["tables"]
    ]
    assert str(there["settings"]["data"]) == "s3://texts/beir"
    found = init([as_address("s3://texts/pairs.csv")], {}, tmp_path / "c.toml")
    assert str(found["settings"]["pairs"]) == "s3://texts/pairs.csv"


def test_a_dry_run_counts_what_an_endpoint_would_get_of_a_folder_of_s3(s3, tmp_path):
    folder = write_beir(tmp_path / "beir")
    upload(s3, folder)
    flags = {"retriever": ["dense"], "model": "m", "model_url": "http://127.0.0.1:9/v1"}
    here, there = (
        estimate(context_to_mine(tmp_path / "w", flags | {"data": data}, None, None, None))
        for data in (folder, "s3://texts/beir")
    )
    assert there["embedding"] == here["embedding"] and here["embedding"]["texts"] > 0


def test_init_tells_a_collection_from_pairs(hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hub.publish("mteb/tea", mteb())
    hub.publish("st/nq", {"pair/train-0.parquet": parquet([{"anchor": "a", "positive": "b"}])})
    found = init([Path("mteb/tea")], {}, tmp_path / "a.toml")
    assert [(one["role"], one["rows"]) for one in found["tables"]] == [
        ("corpus", 6), ("queries", 1), ("qrels", 1),
    ]  # fmt: skip
    assert 'data = "hf://datasets/mteb/tea"' in (tmp_path / "a.toml").read_text()
    init([Path("st/nq")], {}, tmp_path / "b.toml")
    assert 'pairs = "hf://datasets/st/nq"' in (tmp_path / "b.toml").read_text()


def test_a_dataset_that_has_other_tables_is_told_with_them(hub, work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hub.publish("mteb/de", {"de-corpus/c-0.parquet": b"x", "de-queries/q.parquet": b"y"})
    with pytest.raises(
        InputError, match=r"has no corpus\.jsonl.* It has de-corpus/c-0\.parquet, de-q"
    ):
        negmine.index(work, data="mteb/de", **FAST)


def test_a_run_may_be_an_address(s3, tmp_path, work, beir):
    text = "q1 Q0 tea-5 1 3.5 t\nq3 Q0 cat-2 1 1.5 t\n"
    (tmp_path / "pys.trec").write_text(text)
    s3.put_object(Bucket="texts", Key="pys.trec", Body=text.encode())
    for where, run in ((tmp_path / "here", tmp_path / "pys.trec"), (work, "s3://texts/pys.trec")):
        negmine.mine(where, data=beir, run=[f"pys={run}"], **FAST)
    assert rows(work, "2-retrieve/pys").equals(rows(tmp_path / "here", "2-retrieve/pys"))
    manifest = json.loads((work / "1-index" / "pys" / "_manifest.json").read_text())
    assert [one["address"] for one in manifest["stats"]["remote"]] == ["s3://texts/pys.trec"]
    assert states(work)["1-index/pys"].state == "fresh"
    s3.put_object(Bucket="texts", Key="pys.trec", Body=b"q1 Q0 no 1 3.5 t\n")
    assert states(work)["1-index/pys"].why == "the source files changed"
    with pytest.raises(InputError, match=r's3://texts/pys\.trec, line 1: doc_id "no" is not in'):
        negmine.index(work)
    Trust(work).forget()
    with pytest.raises(NotTrusted, match=r"--run pys=s3://texts/pys\.trec \(address\)"):
        negmine.index(work)
