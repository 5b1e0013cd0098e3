"""Tiny sparse encoders of every kind, made offline in a moment, and always the same."""

from pathlib import Path

from tests.models.tiny import WORDS, _plain_bert, _tokenizer

WEIGHTS = len(WORDS) + 2


def _static(seed):
    import torch
    from sentence_transformers.sparse_encoder.modules import SparseStaticEmbedding
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(), pad_token="[PAD]", unk_token="[UNK]", model_max_length=64
    )
    weights = torch.rand(WEIGHTS, generator=torch.Generator().manual_seed(seed)) + 0.5
    return SparseStaticEmbedding(tokenizer, weights)


def _masked(folder, seed):
    from sentence_transformers.sparse_encoder.modules import SpladePooling, Transformer
    from transformers import BertForMaskedLM

    plain = _plain_bert(Path(folder) / "plain", BertForMaskedLM, seed)
    return [
        Transformer(str(plain), transformer_task="fill-mask", max_seq_length=64),
        SpladePooling(),
    ]


def _saved(modules, folder, **options):
    from sentence_transformers import SparseEncoder

    SparseEncoder(modules=modules, device="cpu", **options).save(str(folder))
    return Path(folder)


def words_model(folder, seed=1, **options) -> Path:
    """A weight for every word, and no transformer: thousands of texts a second."""
    return _saved([_static(seed)], folder, **options)


def splade(folder, seed=1, **options) -> Path:
    """A two-layer BERT with random weights and a head for masked words."""
    return _saved(_masked(folder, seed), Path(folder) / "model", **options)


def inference_free(folder, seed=1) -> Path:
    """A Router: documents by a SPLADE, queries by a weight for every word."""
    from sentence_transformers.sparse_encoder.modules import Router

    router = Router.for_query_document(
        query_modules=[_static(seed)], document_modules=_masked(folder, seed)
    )
    return _saved([router], Path(folder) / "model")


def csr(folder, terms=12, seed=1) -> Path:
    """A sparse auto-encoder with random weights on top of the packaged MiniLM."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sparse_encoder.modules import SparseAutoEncoder

    from negmine.models.locate import DEFAULT, resolve_model
    from negmine.storage.digests import Digests

    packaged = resolve_model(DEFAULT, Digests(Path(folder) / "digests.json"))
    mini = SentenceTransformer(str(packaged), device="cpu")
    torch.manual_seed(seed)
    encoder = SparseAutoEncoder(mini.get_embedding_dimension(), hidden_dim=768, k=terms)
    return _saved([*mini, encoder], Path(folder) / "model")
