"""A work directory from somebody else runs no code, sends nothing and reads no file of this machine.

Each case is a hostile entry of settings.json, and a command. A plug-in writes a file when it is imported, the
endpoint counts what it is asked, and a private file must not come into an output.
"""

import json
import os
import shutil
import socket
import sys

import pytest

import negmine
from negmine.errors import NotTrusted, WorkdirError
from negmine.storage.small_json import read_sealed
from tests.cli.conftest import invoke
from tests.conftest import write_beir
from tests.scorers.judge.server import honest, serving

NO = honest(lambda text: False)
SECRET = "the private sentence of this machine"
PLUGIN = """
from pathlib import Path
Path(r"{mark}").write_text("imported")

class Length:
    def score(self, queries, documents):
        return [float(len(text)) for text in documents]

class Search:
    def __init__(self, documents):
        self.count = sum(table.num_rows for table in documents())

    def search(self, queries, k):
        import numpy as np
        docs = np.tile(np.arange(self.count)[:k], (queries.num_rows, 1))
        return docs, -docs.astype(np.float32)
"""
ANALYSES = {
    "status": (), "leak": (), "sweep": ("--grid", "relative_margin=none,0.1"), "explain": ("q1",),
    "show": (), "report": ("--json",),
}  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run that was mined elsewhere, by BM25, and its data, which is gone."""
    folder = tmp_path_factory.mktemp("elsewhere")
    data = write_beir(folder / "data")
    negmine.mine(folder / "w", data=data, retriever=["bm25"])
    return folder / "w"


class Machine:
    """The machine of the victim: a plug-in that can be imported, private files, a server that counts."""

    def __init__(self, folder, finished, server):
        self.folder, self.server = folder, server
        self.work, self.mark = folder / "received", folder / "imported"
        shutil.copytree(finished, self.work)
        (folder / "evil_plugin.py").write_text(PLUGIN.format(mark=self.mark))
        prompt = folder / "prompt.txt"
        prompt.write_text(SECRET + " {query} {documents}")
        rows = [{"anchor": f"{SECRET} {n}", "positive": f"answer {n}"} for n in range(3)]
        (folder / "private.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "model").mkdir()
        (folder / "model" / "config.json").write_text("{}")

    def remember(self, stage, **values):
        """Write into settings.json what the sender wants."""
        path = self.work / "settings.json"
        settings = read_sealed(path)
        settings[stage] = settings.get(stage, {}) | self.filled(values)
        path.write_text(json.dumps(settings))

    def filled(self, values):
        places = {"URL": self.server.url, "HERE": str(self.folder), "WORK": str(self.work)}
        text = json.dumps(values)
        for name, value in places.items():
            text = text.replace(f"<{name}>", value)
        return json.loads(text)

    def untouched(self):
        """Nothing was imported, nothing was sent, and the private sentence is in no file of the directory."""
        files = [path for path in self.work.rglob("*") if path.is_file() and not path.is_symlink()]
        leaks = [path.name for path in files if SECRET.encode() in path.read_bytes()]
        return not self.mark.exists() and not self.server.requests and not leaks


@pytest.fixture
def machine(tmp_path, finished, monkeypatch):
    monkeypatch.setenv("NEGMINE_JUDGE_KEY", "sk-judge")
    monkeypatch.setenv("NEGMINE_EMBEDDING_KEY", "sk-embedding")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    monkeypatch.syspath_prepend(str(tmp_path))
    with serving(NO) as server:
        yield Machine(tmp_path, finished, server)
    sys.modules.pop("evil_plugin", None)


JUDGE = {"judge_url": "<URL>", "judge_model": "m", "judge_check": 0}
# What settings.json says: stage, settings; the commands that would use it; words of the message.
HOSTILE = {
    "a plug-in reranks": (
        "rerank", {"rerank_model": "evil_plugin:Length"}, ["rerank", "mine"],
        ["--rerank-model evil_plugin:Length"],
    ),
    "a plug-in retrieves": (
        "index", {"retriever": ["bm25", "evil_plugin:Search"]}, ["index", "retrieve", "mine"],
        ["--retriever evil_plugin:Search"],
    ),
    "an option of a plug-in": (
        "index", {"retriever": ["bm25", "evil_plugin:Search"], "retriever_option": ["Search.a=1"]},
        ["index", "mine"], ["--retriever-option Search.a=1"],
    ),
    "an endpoint encodes": (
        "index", {"retriever": ["dense"], "model": ["m"], "model_url": "<URL>"},
        ["index", "retrieve", "mine"], ["--model-url http://127.0.0.1"],
    ),
    "a judge": ("filter", JUDGE, ["filter", "mine"], ["--judge-url http://127.0.0.1"]),
    "a judge to examine": (
        "filter", JUDGE | {"judge_check": 5}, ["judge-check"], ["--judge-url http://127.0.0.1"],
    ),
    "a judge with extra fields": (
        "filter", {**JUDGE, "judge_extra": '{"store": true}'}, ["filter", "mine"], ["--judge-extra"],
    ),
    "a first judge": ("filter", {**JUDGE, "judge_first": "dear"}, ["filter"], ["--judge-first dear"]),
    "a prompt file": (
        "filter", {**JUDGE, "judge_prompt": "<HERE>/prompt.txt"}, ["filter", "mine"],
        ["--judge-prompt", "prompt.txt"],
    ),
    "a local judge": (
        "filter", {"judge_local": "<HERE>/model", "judge_check": 0}, ["filter", "mine"], ["--judge-local"],
    ),
    "a guide": ("filter", {"guide_model": ["<HERE>/model"]}, ["filter", "mine"], ["--guide-model"]),
    "a guide from the hub": ("filter", {"guide_model": ["evil/model"]}, ["filter"], ["evil/model"]),
    "a cross-encoder": ("rerank", {"rerank_model": "<HERE>/model"}, ["rerank", "mine"], ["--rerank-model"]),
    "a model in the directory": (
        "rerank", {"rerank_model": "<WORK>/1-index"}, ["rerank"], ["--rerank-model"],
    ),
    "a dense model": (
        "index", {"retriever": ["dense"], "model": "<HERE>/model"}, ["index", "retrieve", "mine"], ["--model"],
    ),
    "a late model": (
        "index", {"retriever": ["bm25", "late"], "late_model": "<HERE>/model"}, ["index", "retrieve", "mine"],
        ["--late-model"],
    ),
    "vectors": (
        "index",
        {"retriever": ["dense"], "query_vectors": "<HERE>/q.npy", "document_vectors": "<HERE>/d.npy"},
        ["index", "mine"], ["--query-vectors", "--document-vectors"],
    ),
    "private pairs": (
        "index", {"data": None, "pairs": "<HERE>/private.jsonl"}, ["index", "mine"], ["--pairs"],
    ),
    "a private corpus": ("index", {"corpus": "<HERE>/private.jsonl"}, ["index", "mine"], ["--corpus"]),
}  # fmt: skip
CASES = [(name, command) for name, case in HOSTILE.items() for command in case[2]]
SHORT = [
    "a plug-in reranks",
    "a plug-in retrieves",
]  # for analyses but status, without TORTURE=full
LOOKS = [
    (name, command)
    for name in HOSTILE
    for command in ANALYSES
    if command == "status" or name in SHORT or os.environ.get("TORTURE") == "full"
]


@pytest.mark.parametrize(("name", "command"), CASES)
def test_a_command_that_would_use_it_fails_with_one_message(machine, name, command):
    stage, values, _, words = HOSTILE[name]
    machine.remember(stage, **values)
    done = invoke(command, machine.work, "--json")
    assert done.exit_code == 1, done.output
    (error,) = json.loads(done.stdout)["errors"]
    assert error["kind"] == "NotTrusted"
    for word in (*words, f"negmine trust {machine.work}", "have not named"):
        assert word in error["message"]
    assert machine.untouched()


@pytest.mark.parametrize(("name", "command"), LOOKS)
def test_an_analysis_uses_none_of_it(machine, name, command):
    stage, values, _, _ = HOSTILE[name]
    machine.remember(stage, **values)
    flags = ANALYSES[command]
    done = invoke(command, machine.work, *flags, *(() if "--json" in flags else ("--json",)))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    if command == "status":
        assert done.exit_code == 0, done.output
        shown = json.loads(done.stdout)["data"]["untrusted"]
        is_plugin = any(":" in name for name in values.get("retriever", ()))
        own = {"judge_check"} | (set() if is_plugin else {"retriever"})
        assert {one["setting"] for one in shown} >= set(values) - own - {"data"}
    assert machine.untouched()


@pytest.mark.parametrize("command", ["mine", "filter", "status", "leak"])
def test_settings_of_one_command_do_not_count(machine, command):
    """A cluster of somebody else would get this process; `sizes` would let damage pass."""
    with socket.create_server(("127.0.0.1", 0)) as cluster:
        cluster.setblocking(False)
        address = "{}:{}".format(*cluster.getsockname())
        machine.remember("index", engine="ray", ray_address=address, verify="sizes", workers=9)
        part = machine.work / "2-retrieve/candidates/part-00000.parquet"
        data = bytearray(part.read_bytes())
        data[200] ^= 1
        part.write_bytes(data)
        negmine.trust(machine.work)
        flags = ("--relative-margin", "0.11") if command == "filter" else ()
        done = invoke(command, machine.work, *flags)
        assert "Traceback" not in done.output
        if command in ("filter", "leak"):
            assert done.exit_code == 1
            assert "candidates/part-00000.parquet is missing or altered" in done.stderr
        with pytest.raises(BlockingIOError):
            cluster.accept()
    if command in ("mine", "filter"):
        assert "--engine ray in settings.json does not count" in done.stderr


def test_the_rules_can_be_changed_without_trust(machine):
    done = invoke("filter", machine.work, "--skip-top", "1")
    assert done.exit_code == 0, done.output
    assert invoke("write", machine.work).exit_code == 0
    assert machine.untouched()


@pytest.mark.parametrize("name", ["a plug-in reranks", "a judge", "private pairs"])
def test_a_new_directory_since_a_foreign_one_takes_nothing_over(machine, name):
    stage, values, _, words = HOSTILE[name]
    machine.remember(stage, **values)
    new = machine.folder / "new"
    done = invoke("mine", new, "--since", machine.work)
    assert done.exit_code == 1
    assert f"negmine trust {machine.work}" in done.stderr
    assert words[0] in done.stderr
    assert not new.exists()
    assert machine.untouched()


def test_trust_of_the_old_directory_holds_for_the_one_that_starts_from_it(tmp_path, beir):
    old, new = tmp_path / "old", tmp_path / "new"
    negmine.mine(old, data=beir, retriever=["bm25"])
    negmine.mine(new, since=old)
    shutil.rmtree(old)
    negmine.mine(new)


def test_what_is_trusted_once_works_until_something_else_is_named(machine):
    machine.remember("rerank", rerank_model="evil_plugin:Length")
    shown = invoke("trust", machine.work)
    assert shown.exit_code == 0
    assert "--rerank-model evil_plugin:Length (plug-in): its code runs" in shown.stdout
    assert machine.untouched()
    negmine.rerank(machine.work)
    assert machine.mark.exists()
    machine.remember("rerank", rerank_model="evil_plugin:Other")
    with pytest.raises(NotTrusted, match="evil_plugin:Other"):
        negmine.rerank(machine.work)
    machine.remember("rerank", rerank_model="evil_plugin:Length")
    negmine.trust(machine.work, forget=True)
    with pytest.raises(NotTrusted, match="evil_plugin:Length"):
        negmine.rerank(machine.work)


def test_what_the_user_named_works_again_and_not_elsewhere(machine, tmp_path):
    negmine.rerank(machine.work, rerank_model="evil_plugin:Length")
    negmine.rerank(machine.work, force=True)
    shutil.copytree(machine.work, tmp_path / "moved")
    with pytest.raises(NotTrusted, match="--rerank-model evil_plugin:Length"):
        negmine.rerank(tmp_path / "moved")


def test_settings_in_a_file_that_the_user_names_count(machine):
    config = machine.folder / "negmine.toml"
    config.write_text('[rerank]\nrerank-model = "evil_plugin:Length"\n')
    assert invoke("rerank", machine.work, "--config", config).exit_code == 0
    assert invoke("rerank", machine.work).exit_code == 0


def test_an_analysis_imports_no_plug_in_that_is_trusted(machine):
    negmine.rerank(machine.work, rerank_model="evil_plugin:Length")
    machine.mark.unlink()
    sys.modules.pop("evil_plugin")
    for command, flags in ANALYSES.items():
        invoke(command, machine.work, *flags)
    assert not machine.mark.exists()


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"work": "/elsewhere", "trusted": []}', "\x00", "null"]
)
def test_a_damaged_record_is_no_trust(machine, content):
    from negmine.storage.trust import Trust

    machine.remember("rerank", rerank_model="evil_plugin:Length")
    negmine.trust(machine.work)
    Trust(machine.work).file.write_text(content)
    with pytest.raises(NotTrusted, match="damaged: it counts as no trust"):
        negmine.rerank(machine.work)
    assert machine.untouched()
    negmine.trust(machine.work)
    negmine.rerank(machine.work)


def test_a_directory_brings_no_record_of_its_own(machine, monkeypatch):
    from negmine.storage.trust import Trust

    machine.remember("rerank", rerank_model="evil_plugin:Length")
    negmine.trust(machine.work)
    inside = machine.work / "records"
    shutil.copytree(Trust(machine.work).file.parent, inside)
    monkeypatch.setenv("NEGMINE_TRUST", str(inside))
    with pytest.raises(NotTrusted, match="lies in the work directory"):
        negmine.rerank(machine.work)


def test_a_link_out_of_the_directory_is_no_file_in_it(machine):
    sources = machine.work / "sources"
    sources.mkdir()
    (sources / "pairs.jsonl").symlink_to(machine.folder / "private.jsonl")
    for values in ({"pairs": "<WORK>/sources/pairs.jsonl"}, {"data": "<WORK>/sources"}):
        machine.remember("index", **({"data": None, "pairs": None} | values))
        with pytest.raises((NotTrusted, WorkdirError)):
            negmine.mine(machine.work)
    assert machine.untouched()


def test_a_new_directory_takes_no_file_that_a_link_leads_to(machine):
    """A link in the old directory leads to files of this machine: they are not copied."""
    (machine.work / "vectors").mkdir(exist_ok=True)
    (machine.work / "vectors" / "prompt.txt").symlink_to(machine.folder / "prompt.txt")
    (machine.work / "judge").symlink_to(machine.folder / "model")
    data = write_beir(machine.folder / "mine")
    new = machine.folder / "new"
    negmine.mine(new, since=machine.work, data=data, retriever=["bm25"])
    assert not (new / "vectors" / "prompt.txt").exists()
    assert not (new / "judge").exists()


@pytest.mark.parametrize("way", ["absolute", "up"])
def test_a_manifest_names_no_file_of_another_folder(machine, finished, way):
    """The part that a manifest lists is a file of another work directory, of the same size."""
    private = finished / "4-filter" / "verdicts" / "part-00000.parquet"
    path = machine.work / "4-filter" / "verdicts" / "_manifest.json"
    manifest = read_sealed(path)
    up = os.path.relpath(private, path.parent)
    manifest["parts"][0]["file"] = str(private) if way == "absolute" else up
    path.write_text(json.dumps(manifest))
    done = invoke("explain", machine.work, "q1", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["errors"][0]["kind"] in ("MissingArtifact", "CorruptArtifact")
    assert invoke("write", machine.work).exit_code == 1
