"""A report of a run in which everybody was asked: retrievers, a cross-encoder, a guide, the risk, a judge."""

import pytest

import negmine
from negmine.storage.workdir import Workdir
from tests.conftest import write_vectors
from tests.models.tiny import cross_encoder, static_model
from tests.scorers.judge.mining import is_tea
from tests.scorers.judge.server import honest, serving


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """The finished run and its report; the judge's address has a secret in it."""
    from tests.conftest import write_beir

    folder = tmp_path_factory.mktemp("opinions")
    data = write_beir(folder / "data")
    flags = {
        "rerank_model": str(cross_encoder(folder / "reranker")),
        "guide_model": str(static_model(folder / "guide")),
        "guide_margin": -0.5,
        "relative_margin": 0.0,
        "judge_check": 0,
        "judge_extra": '{"user": "somebody-private"}',
    }
    with serving(honest(is_tea)) as server:
        work = negmine.mine(
            folder / "w",
            data=data,
            judge_url=server.url,
            judge_model="m",
            **flags,
            **write_vectors(data),
        ).work
        report = negmine.report(work, html=folder / "page.html")
    return work, report, server.url


def test_everybody_is_heard(asked):
    work, report, _ = asked
    names = ["bm25", "dense", "rerank", "guide", "risk", "judge"]
    assert [one.scorer for one in report.scorers] == names
    roles = {model.role: model for model in report.ran.models}
    assert list(roles) == ["dense", "rerank", "guide", "risk", "judge"]
    assert roles["rerank"].name == "reranker"
    manifest = Workdir(work).require("3-rerank/reranker")
    assert roles["rerank"].fingerprint == manifest.settings["model"]
    assert roles["dense"].name == "brought vectors"
    assert roles["judge"].fingerprint == ""  # nobody knows what answers at an address
    assert all(model.fingerprint for role, model in roles.items() if role != "judge")
    assert "judged_relevant" in {step.name for step in report.funnel}
    opinions = report.sample.queries[0].positives[0].opinions
    assert [one.scorer for one in opinions] == names


def test_no_address_path_or_secret_is_given_away(asked):
    work, _, url = asked
    page = (work.parent / "page.html").read_text(encoding="utf-8")
    card = (work / "5-write" / "README.md").read_text(encoding="utf-8")
    for text in (page, card):
        assert url not in text
        assert "somebody-private" not in text
        assert str(work.parent) not in text
        assert "reranker" in text
