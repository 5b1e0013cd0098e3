"""The planted collection, mined once, and the small student."""

import pytest

import negmine
from tests.analysis.prove import planted

TRAINING = {
    "holdout": planted.HOLDOUT,
    "learning_rate": 0.1,
    "epochs": 16,
    "train_batch_size": 32,
    "device": "cpu",
}


@pytest.fixture(scope="session")
def mined(tmp_path_factory):
    """The work directory of the planted collection: look, do not touch."""
    folder = tmp_path_factory.mktemp("planted")
    flags = planted.write(folder / "data")
    return negmine.mine(folder / "w", **flags, num_negatives=4, k=30).work


@pytest.fixture(scope="session")
def student(tmp_path_factory):
    return str(planted.student(tmp_path_factory.mktemp("student") / "model"))


@pytest.fixture
def work(mined, tmp_path):
    """A copy of the work directory."""
    import shutil

    return shutil.copytree(mined, tmp_path / "w")
