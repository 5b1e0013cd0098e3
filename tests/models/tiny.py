"""Tiny sentence-transformers models, made offline in a moment, and always the same."""

from pathlib import Path

WORDS = (
    "tea water green black hot cold cat cats dog dogs sleep list sort python snake largest degrees "
    "minutes how long do a the is in for query passage : . , ? yes no"
).split()


def _tokenizer():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = {"[PAD]": 0, "[UNK]": 1} | {word: n + 2 for n, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def static_model(folder, seed=1, prompts=None, dims=16) -> Path:
    """A bag of random word vectors: no transformer, thousands of texts a second."""
    import numpy as np
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    weights = np.random.default_rng(seed).standard_normal((len(WORDS) + 2, dims)).astype(np.float32)
    module = StaticEmbedding(_tokenizer(), embedding_weights=weights)
    model = SentenceTransformer(modules=[module], prompts=prompts, device="cpu")
    model.save(str(folder))
    return Path(folder)


def bert_model(folder, seed=1) -> Path:
    """A two-layer BERT with random weights and mean pooling."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertModel

    plain = _plain_bert(Path(folder) / "plain", BertModel, seed)
    transformer = Transformer(str(plain), max_seq_length=64)
    pooling = Pooling(transformer.get_embedding_dimension())
    target = Path(folder) / "model"
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save(str(target))
    return target


def multi_vector_model(
    folder, seed=1, dims=8, base=None, prompts=None, skip=(",", "."), longest=64
) -> Path:
    """A late-interaction model: a two-layer BERT with random weights, or `base`, and a projection of tokens."""
    import torch
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.base.modules.dense import Dense
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
    from transformers import BertModel

    base = base or _plain_bert(Path(folder) / "plain", BertModel, seed)
    transformer = Transformer(str(base), max_seq_length=longest)
    torch.manual_seed(seed)
    projection = Dense(
        transformer.get_embedding_dimension(), dims, bias=False,
        activation_function=torch.nn.Identity(), module_input_name="token_embeddings",
    )  # fmt: skip
    modules = [transformer, projection, MultiVectorMask(list(skip)), Normalize("token_embeddings")]
    target = Path(folder) / "model"
    MultiVectorEncoder(modules=modules, prompts=prompts, device="cpu").save(str(target))
    return target


def cross_encoder(folder, seed=1, labels=1) -> Path:
    """A two-layer BERT with random weights and a head of `labels` logits."""
    from transformers import BertForSequenceClassification

    return _plain_bert(Path(folder), BertForSequenceClassification, seed, num_labels=labels)


def _plain_bert(folder, kind, seed, **options) -> Path:
    import torch
    from transformers import BertConfig, PreTrainedTokenizerFast

    torch.manual_seed(seed)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig(
        vocab_size=len(WORDS) + 2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.5,
        **size,
        **options,
    )
    kind(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(), pad_token="[PAD]", unk_token="[UNK]", model_max_length=64
    ).save_pretrained(folder)
    return folder


def chat_model(folder, seed=1) -> Path:
    """A two-layer Llama with random weights, and a chat template."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(seed)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(
        vocab_size=len(WORDS) + 2, intermediate_size=64, bos_token_id=0, eos_token_id=0,
        pad_token_id=0, max_position_embeddings=512, **size,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(), pad_token="[PAD]", eos_token="[PAD]", unk_token="[UNK]"
    )
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    tokenizer.save_pretrained(folder)
    return Path(folder)
