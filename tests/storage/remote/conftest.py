"""A web server, a Hub and an S3 on this machine, and a cache for each test."""

import logging
from contextlib import contextmanager

import pytest

from negmine.config.addresses import Address
from negmine.storage.remote import trouble
from negmine.storage.remote.store import Store
from tests.storage.remote.servers import Hub, Web, serving

PLACE = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
KEYS = {"AWS_ACCESS_KEY_ID": "some-key-id", "AWS_SECRET_ACCESS_KEY": "a-secret-of-s3-0123456789"}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder of copies; tries are not paused."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("NEGMINE_CACHE", str(folder))
    monkeypatch.setattr(trouble, "PAUSE", 0.0)
    return folder


@pytest.fixture(params=["memory", "moto"])
def store(request):
    """A store without objects: in memory, or of S3."""
    if request.param == "memory":
        return request.getfixturevalue("memory")
    request.getfixturevalue("s3")
    return Store(Address("s3://texts/work"))


@pytest.fixture
def memory():
    """A store without objects, in memory."""
    from fsspec.implementations.memory import MemoryFileSystem

    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    yield Store(Address("memory://texts/work"))
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


@pytest.fixture
def web():
    with serving(Web()) as server:
        yield server


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub with no datasets, which huggingface_hub asks, with a cache of its own."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    with serving(Hub()) as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield server


@pytest.fixture(scope="session")
def moto():
    """The address of an S3."""
    pytest.importorskip("moto.server")
    with serving_s3() as address:
        yield address


@contextmanager
def serving_s3():
    """Give the address of an S3 while the block runs."""
    from moto import server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    started = server.ThreadedMotoServer("127.0.0.1", 0)
    started.start()
    yield "http://{}:{}".format(*started.get_host_and_port())
    started.stop()


@pytest.fixture
def s3(moto, monkeypatch):
    """A client of S3, with an empty bucket `texts`."""
    yield from client_of(moto, monkeypatch)


def client_of(endpoint, monkeypatch):
    """Yield a client of the S3 at this address, with an empty bucket `texts`, which all clients now find."""
    import boto3
    import requests

    requests.post(f"{endpoint}/moto-api/reset", timeout=10).close()
    for name, value in {**KEYS, **PLACE, "AWS_ENDPOINT_URL": endpoint}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    client = boto3.client("s3")
    client.create_bucket(Bucket="texts")
    yield client
    client.close()
