"""Out of memory: batches are halved until they fit, it is said once, and one text is the end."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.settings import IndexSettings, RerankSettings
from negmine.errors import RetrieverError, ScorerError
from negmine.models.halving import Halving, is_out_of_memory
from negmine.scorers.cross_encoder import open_cross_encoder
from negmine.storage.digests import Digests
from tests.models.encoders import encoder_of
from tests.models.tiny import bert_model, cross_encoder

TEXTS = [f"tea {'cats ' * (n % 9)}dogs" for n in range(40)]


class Small:
    """A device that holds so many texts at once."""

    def __init__(self, most, error=torch.OutOfMemoryError):
        self.most, self.error, self.sizes = most, error, []

    def __call__(self, texts, *_):
        self.sizes.append(len(texts))
        if len(texts) > self.most:
            raise self.error("CUDA out of memory. Tried to allocate 20.00 MiB")
        return np.array([[len(text)] for text in texts], np.float32)


@given(st.lists(st.text(max_size=9), min_size=1, max_size=70), st.integers(1, 80))
def test_pieces_hold_every_text_in_order(texts, most):
    small = Small(most)
    assert Halving(small, "--model m")(texts)[:, 0].tolist() == [len(text) for text in texts]


def test_later_batches_are_cut_from_the_start():
    small = Small(8)
    read = Halving(small, "--model m")
    read(["a"] * 32)
    assert small.sizes == [32, 16, 8, 8, 8, 8]
    read(["a"] * 30)
    assert small.sizes[6:] == [8, 8, 8, 6]


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError, MemoryError])
def test_one_text_that_does_not_fit_is_told(error):
    with pytest.raises(RetrieverError, match="--model m runs out of memory with one text"):
        Halving(Small(0, error), "--model m")(["a", "b"])


def test_another_failure_is_no_lack_of_memory():
    def fails(texts):
        raise RuntimeError("shapes do not match")

    with pytest.raises(ScorerError, match=r"--rerank-model m failed: shapes do not match"):
        Halving(fails, "--rerank-model m", ScorerError)(["a", "b"])
    assert not is_out_of_memory(ValueError("out of memory"))
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"))


def small_device(monkeypatch, target, most):
    """Let a model's method fail with more than `most` inputs; return the sizes that it was given."""
    real, sizes = target._inference, []

    def limited(self, inputs, **options):
        sizes.append(len(inputs))
        if len(inputs) > most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(self, inputs, **options)

    monkeypatch.setattr(target, "_inference", limited)
    return sizes


def test_an_encoder_goes_on_with_halves_and_says_so_once(tmp_path, monkeypatch):
    from sentence_transformers import SentenceTransformer

    settings = {"model": str(bert_model(tmp_path / "m")), "device": "cpu", "batch_size": 2}
    digests = Digests(tmp_path / "d.json")
    expected = encoder_of(digests, **settings).encode(TEXTS, "document")
    sizes, notes = small_device(monkeypatch, SentenceTransformer, 2), []
    encoder = encoder_of(digests, **settings)
    for part in (TEXTS[:20], TEXTS[20:]):
        for places, vectors in encoder.work("document", notes.append)(part):
            wanted = expected[TEXTS.index(part[0]) :][places]
            assert np.allclose(vectors, wanted, atol=1e-6)
    assert max(sizes) > 2
    (said,) = notes
    assert "ran out of memory with" in said
    assert "--batch-size 1 does so from the start" in said


def test_a_cross_encoder_does_too(tmp_path, monkeypatch):
    from sentence_transformers import CrossEncoder

    folder, notes = cross_encoder(tmp_path / "tiny"), []
    opened = [
        open_cross_encoder(
            RerankSettings(rerank_model=str(folder), rerank_batch_size=4),
            IndexSettings(device="cpu"), Digests(tmp_path / "d.json"), notes.append,
        )
        for _ in range(2)
    ]  # fmt: skip
    expected = opened[0].score(["tea"] * 40, TEXTS)
    small_device(monkeypatch, CrossEncoder, 2)
    assert np.allclose(opened[1].score(["tea"] * 40, TEXTS), expected, atol=1e-5)
    assert len(notes) == 1
    assert "--rerank-batch-size" in notes[0]
