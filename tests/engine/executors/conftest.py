"""The cluster that tests share, a connection to it, and a small run made in one process."""

import importlib.util
import logging
import shutil
from contextlib import contextmanager

import pytest

import negmine
from negmine.config import memory
from negmine.storage.layout import PAIR_SCORES
from tests.conftest import write_beir, write_vectors
from tests.engine.executors import cluster as clusters
from tests.storage.remote.conftest import KEYS, PLACE, serving_s3

WITHOUT = "needs the extra ray: pip install 'negmine[ray]'"
PLUGINS = "tests.engine.executors.plugins"


@pytest.fixture(scope="package")
def cluster(tmp_path_factory):
    """Two nodes of one processor; what a test takes away it adds again.

    Each has a cache of its own, and knows an S3, if there is one. It ends with the tests of this folder: idle,
    it still takes a tenth of a processor.
    """
    if importlib.util.find_spec("ray") is None:
        pytest.skip(WITHOUT)
    with s3_or_none() as endpoint:
        there = {"AWS_ENDPOINT_URL": endpoint, **KEYS, **PLACE} if endpoint else {}

        def environment():
            return {"NEGMINE_CACHE": str(tmp_path_factory.mktemp("node")), **there}

        with clusters.nodes(environment=environment) as made:
            made.s3 = endpoint
            yield made
            disconnect()


@contextmanager
def s3_or_none():
    """Give the address of an S3 of this process while the block runs; None without moto."""
    if importlib.util.find_spec("moto") is None:
        yield None
        return
    with serving_s3() as address:
        yield address


@pytest.fixture
def connected(cluster):
    """The cluster, with a connection of the user's own: a command uses it, and it stays.

    Its workers leave marks (hook.py), and live from one command to the next.
    """
    import ray

    if not ray.is_initialized():
        hook = {"worker_process_setup_hook": "tests.engine.executors.hook.mark_and_die"}
        how = {"logging_level": logging.ERROR, "log_to_driver": False}
        ray.init(address=cluster.address, runtime_env=hook, **how)
    yield cluster
    assert ray.is_initialized()


@pytest.fixture
def unconnected(cluster):
    """The cluster, with no connection: each command makes its own."""
    disconnect()
    return cluster


def disconnect():
    import ray

    ray.shutdown()


@pytest.fixture(scope="package")
def prepared(tmp_path_factory):
    """Return the settings of a run by two retrievers and a scorer, and its folder; made in one process."""
    folder = tmp_path_factory.mktemp("prepared")
    data = write_beir(folder / "data")
    settings = {"data": data, "k": 6, "num_negatives": 2, **write_vectors(data)}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(memory, "PART_QUERIES", 2)
        patch.setattr(memory, "PART_DOCUMENTS", 5)
        negmine.mine("calm", rerank_model=f"{PLUGINS}:Counting", **settings)
    return settings, folder / "calm"


def copy_of(work, target, last_stage):
    """Copy a work directory as it was after a stage, given by its number; without what scorers remember."""

    def later(folder, names):
        if folder != str(work):
            return []
        stages = [name for name in names if name[0].isdigit() and int(name[0]) > last_stage]
        return [*stages, PAIR_SCORES]

    shutil.copytree(work, target, ignore=later)


def on(cluster):
    """Return the settings that say where parts are made."""
    return {"engine": "ray", "ray_address": cluster.address}


def lost(progress):
    """Return the notes about lost parts."""
    return [note for note in progress.notes if "was lost" in note]
