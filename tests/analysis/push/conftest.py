import huggingface_hub.constants as constants
import pytest

import negmine
from tests.analysis.push.hub import TOKEN, fake_hub
from tests.conftest import write_beir


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A finished run with BM25 and two formats; a test that changes it copies it."""
    folder = tmp_path_factory.mktemp("push")
    negmine.mine(
        folder / "work",
        data=write_beir(folder / "beir"),
        retriever=["bm25"],
        format=["triplet", "ids"],
        num_negatives=2,
    )
    return folder / "work"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub on this machine, and a token that it takes; no login file is read."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # the fake has LFS alone
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "login"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with fake_hub() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        yield served
