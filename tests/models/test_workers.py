"""Several devices: the same vectors in the same order; a process that dies is told, what is done stays."""

import os
import signal
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest

import negmine
from negmine.config.settings import IndexSettings
from negmine.errors import RetrieverError, SettingsError
from negmine.storage.digests import Digests
from negmine.storage.vectors import VectorStore, count_stored
from tests.conftest import DOCUMENTS
from tests.models.encoders import encoder_of
from tests.models.tiny import static_model

TEXTS = [text for _, text in DOCUMENTS.values() if text]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return static_model(tmp_path_factory.mktemp("static") / "model")


def encoder(tmp_path, model, **flags):
    return encoder_of(Digests(tmp_path / "d.json"), model=str(model), **flags)


def lose_a_process(pool):
    """Kill a process of the pool, and wait until the pool takes no more work because of it."""
    os.kill(next(iter(pool._processes)), signal.SIGKILL)
    with pytest.raises(BrokenProcessPool):
        while True:
            pool.submit(int).result()


@pytest.mark.slow
def test_two_processes_give_what_one_gives_and_die_alone(tmp_path, model):
    one = encoder(tmp_path, model, device="cpu", batch_size=1)
    two = encoder(tmp_path, model, devices="cpu,cpu", batch_size=1)
    assert two.identity("document") == one.identity("document")
    many = [f"{text} {n} tea" for n in range(80) for text in TEXTS]  # 28 batches of 64
    assert np.array_equal(two.encode(many, "document"), one.encode(many, "document"))
    assert len(two.encode([], "document")) == 0

    store = VectorStore(tmp_path / "store")

    def dies_after_two(texts):
        for number, found in enumerate(two.work("document")(texts)):
            if number == 2:
                lose_a_process(two._machine._pool)
            yield found

    with pytest.raises(RetrieverError, match="a process of --devices cpu,cpu died"):
        store.encode([f"{text} cats" for text in many], dies_after_two, lambda count: None)
    kept = count_stored(tmp_path / "store")
    assert 2 * 64 <= kept < len(many)
    assert kept % 64 == 0
    found, encoded = VectorStore(tmp_path / "store").encode(
        [f"{text} cats" for text in many], one.work("document"), lambda count: None
    )
    assert encoded == len(many) - kept
    assert np.array_equal(found, one.encode([f"{text} cats" for text in many], "document"))


@pytest.mark.slow
def test_what_a_worker_cannot_load_is_told_as_with_one_device(tmp_path, model):
    wrong = encoder(tmp_path, model, devices="cpu", max_length=5)
    with pytest.raises(RetrieverError, match="reads texts of any length"):
        wrong.encode(TEXTS, "document")


def test_devices_are_checked(tmp_path, beir, model, monkeypatch):
    import torch

    mine = {"data": beir, "model": str(model), "retriever": ["dense"]}
    for said in ("gpu", "cuda", "cpu,cuda:0", "cuda:0,", ""):
        with pytest.raises(SettingsError, match=r"--devices .*say GPUs, as cuda:0,cuda:1"):
            negmine.mine(tmp_path / "w", devices=said, **mine)
    with pytest.raises(SettingsError, match="--device cpu and --devices cpu,cpu both say"):
        negmine.mine(tmp_path / "w", devices="cpu,cpu", device="cpu", **mine)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SettingsError, match="--devices cuda:0: torch sees no GPU here"):
        negmine.mine(tmp_path / "w", devices="cuda:0,cuda:1", **mine)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(SettingsError, match="--devices cuda:1: torch sees 1 GPU here"):
        negmine.mine(tmp_path / "w", devices="cuda:0,cuda:1", **mine)


def test_one_device_follows_from_several():
    assert IndexSettings(devices="cpu, cpu").encoder_devices == ["cpu", "cpu"]
    assert IndexSettings(devices="cpu,cpu").one_device == "cpu"
    assert IndexSettings(devices="cuda:2,cuda:3").one_device == "cuda"
    assert IndexSettings().one_device == "auto"
    assert IndexSettings().encoder_devices == []


def test_what_is_said_last_of_device_and_devices_counts():
    from tests.configs import resolve

    before = resolve({"device": "cpu"})
    after = resolve({"devices": "cpu,cpu"}, remembered=before)
    assert (after.index.device, after.index.devices) == ("auto", "cpu,cpu")
    again = resolve({"device": "cpu"}, remembered=after)
    assert (again.index.device, again.index.devices) == ("cpu", None)
