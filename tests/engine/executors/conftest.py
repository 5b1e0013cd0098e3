"""The cluster that tests share, and collections for it."""

import importlib.util

import pytest

from negmine.config import memory
from tests.conftest import write_beir, write_vectors
from tests.engine.executors import cluster as clusters

WITHOUT = "needs the extra ray: pip install 'negmine[ray]'"


@pytest.fixture(scope="package")
def cluster():
    """Two nodes of one processor. A test that removes a node starts a cluster of its own.

    It ends with the tests of this folder: idle, it still takes a tenth of a processor.
    """
    if importlib.util.find_spec("ray") is None:
        pytest.skip(WITHOUT)
    with clusters.nodes() as made:
        yield made


@pytest.fixture
def small_parts(monkeypatch):
    """Let queries be cut into parts of two; workers read parts as they are on disk."""
    monkeypatch.setattr(memory, "PART_QUERIES", 2)


@pytest.fixture
def flags(tmp_path, cluster):
    """Return settings of a small run by two retrievers on the cluster."""
    data = write_beir(tmp_path / "data")
    on_cluster = {"engine": "ray", "ray_address": cluster.address}
    return {"data": data, "k": 6, "num_negatives": 2, **write_vectors(data), **on_cluster}
