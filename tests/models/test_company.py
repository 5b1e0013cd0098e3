"""On a CPU a text's vector is the same bits in whatever company it is read."""

import numpy as np
import pytest

import negmine
from negmine.storage.digests import Digests
from tests.conftest import write_beir
from tests.models.encoders import encoder_of
from tests.models.tiny import WORDS, bert_model
from tests.test_resume import rows_of


def sentences(rng, count):
    return [" ".join(rng.choice(WORDS, rng.integers(1, 30))) for _ in range(count)]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_vectors(tmp_path, dtype):
    texts = sentences(np.random.default_rng(3), 90)
    model, digests = bert_model(tmp_path / "model"), Digests(tmp_path / "d.json")
    settings = {"model": str(model), "dtype": dtype, "device": "cpu"}
    encoder = encoder_of(digests, **settings, batch_size=4)
    together = encoder.encode(texts, "document")
    assert np.array_equal(encoder.encode(texts[::-1], "document")[::-1], together)
    assert np.array_equal(encoder.encode(texts[30:37], "document"), together[30:37])
    large = encoder_of(digests, **settings, batch_size=500)
    assert np.array_equal(large.encode(texts, "document"), together)


def test_a_run_that_grew_has_the_rows_of_a_fresh_one(tmp_path):
    rng = np.random.default_rng(4)
    texts = {f"d{n:02d}": ("", text) for n, text in enumerate(sentences(rng, 70))}
    asked = {f"q{n}": text for n, text in enumerate(sentences(rng, 8))}
    qrels = [(query, f"d{n:02d}", 1) for n, query in enumerate(asked)]
    flags = {
        "model": str(bert_model(tmp_path / "model")),
        "device": "cpu",
        "k": 12,
        "dtype": "bfloat16",
    }
    write_beir(tmp_path / "data", dict(list(texts.items())[:60]), asked, qrels)
    negmine.mine(tmp_path / "work", data=tmp_path / "data", **flags)
    write_beir(tmp_path / "data", texts, asked, qrels)
    for work in ("work", "fresh"):
        negmine.mine(tmp_path / work, data=tmp_path / "data", **flags)
    grown, fresh = rows_of(tmp_path / "work"), rows_of(tmp_path / "fresh")
    assert {name for name in fresh if not grown[name].equals(fresh[name])} == set()
