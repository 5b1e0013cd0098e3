"""What a command may use outside its work directory."""

import pickle
from pathlib import Path

import pytest

from negmine.config.outside import ENDPOINT, OUTSIDE, Named
from negmine.config.settings import Settings
from negmine.engine.trust import ALL_TRUSTED, Trusted, trusted
from negmine.errors import NotTrusted
from negmine.stages.opening import open_context
from negmine.stages.plan import make_plan
from negmine.storage.trust import Trust

SPEC = Named("rerank_model", "plug-in", "a.b:c")
GIVEN = Settings.model_validate({"rerank": {"rerank_model": "a.b:c"}})


def known(root, origins, source=None):
    return trusted(GIVEN, origins, root, source or root, "w")


@pytest.mark.parametrize("origin", ["flag", "file"])
def test_what_the_user_named_may_be_used(tmp_path, origin):
    assert known(tmp_path, {"rerank_model": origin}).used == (SPEC,)


def test_what_is_remembered_may_not_until_it_is_recorded(tmp_path):
    origins = {"rerank_model": "remembered"}
    assert known(tmp_path, origins).untrusted == (SPEC,)
    Trust(tmp_path).add([SPEC])
    assert known(tmp_path, origins).used == (SPEC,)


def test_what_is_remembered_elsewhere_needs_the_trust_of_that_place(tmp_path):
    new, old, origins = tmp_path / "new", tmp_path / "old", {"rerank_model": "remembered"}
    Trust(new).add([SPEC])
    assert known(new, origins, old).untrusted == (SPEC,)
    Trust(old).add([SPEC])
    assert known(new, origins, old).used == (SPEC,)


def test_only_the_stages_that_use_it_need_it():
    some = Trusted("w", (), (SPEC,))
    some.require(["index", "retrieve", "filter", "write"])
    with pytest.raises(NotTrusted, match=r"--rerank-model a\.b:c .*(?s:.)*negmine trust w"):
        some.require(["rerank", "write"])
    ALL_TRUSTED.require(["rerank"])


def test_it_travels_to_other_processes(tmp_path, beir):
    context = open_context(tmp_path / "w", {"data": beir, "retriever": ["bm25"]})
    context = context.making(["index"])
    copied = pickle.loads(pickle.dumps(context))
    assert (copied.trust, copied.makes) == (context.trust, ("index",))
    assert [one.setting for one in copied.trust.used] == ["data"]


def test_an_artifact_names_only_settings_of_the_table_and_of_its_stage(tmp_path, beir, monkeypatch):
    flags = {"rerank_model": "a/b", "guide_model": ["c/d"], "judge_local": "e/f", "data": beir}
    flags |= {"run": ["pys=x.trec"], "retriever": ["bm25", "dense", "sparse", "late"]}
    flags |= {"sparse_model": "g/h", "late_model": "i/j"}
    flags |= {"generate_kind": ["contrast", "query-only", "near-topic"], "generate_local": "m/n"}
    flags |= {"round": 2, "earlier_model": ["round1_dense=k/l"]}
    monkeypatch.setattr("negmine.stages.opening.check_order", lambda *rounds: None)
    plan = make_plan(open_context(tmp_path / "w", flags | {"decontaminate": [beir]}))
    uses = {(artifact.stage, setting) for artifact in plan for setting in artifact.uses}
    assert all(stage in OUTSIDE[setting][1] for stage, setting in uses)
    files = {s for s, (kind, _) in OUTSIDE.items() if kind in ("file", "model", "prompt")}
    endpoints = {setting for setting, (kind, _) in OUTSIDE.items() if kind == ENDPOINT}
    assert {setting for _, setting in uses} - endpoints == files
    assert not Path(tmp_path / "w").exists()
