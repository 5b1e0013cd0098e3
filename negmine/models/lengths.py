"""How long texts are in tokens of a model: what they cost, and which of them fit together.

Characters are a poor measure: neighbours by characters differ in tokens, and that is padding (measured in
tests/bench/encode.py). Counting costs a hundredth of encoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 1024  # texts that are tokenised at once
_CHARACTERS = 16  # a token is seldom longer: of a long text, only the beginning is counted
_BYTES = 4  # UTF-8 bytes a token, where there is no fast tokenizer to ask
_ENDLESS = 1_000_000  # tokenizers without a limit say 1e30


class Lengths:
    """Counts as the model reads: at most its longest input, and 1 where length costs nothing.

    model: a loaded SentenceTransformer or CrossEncoder.
    """

    def __init__(self, model: Any) -> None:
        from sentence_transformers.sentence_transformer.modules import StaticEmbedding

        self._is_flat = isinstance(model[0], StaticEmbedding)  # a sum of rows: nothing is padded
        configured = 0 if self._is_flat else model.max_seq_length or 0
        self._limit = int(configured) if 0 < configured < _ENDLESS else _ENDLESS
        self._tokenizer = None if self._is_flat else _copy(getattr(model, "tokenizer", None))

    def __call__(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the number of tokens of each text; int64 [texts]."""
        if self._is_flat:
            return np.ones(len(texts), np.int64)
        if self._tokenizer is None:
            counts = np.array([1 + len(text.encode()) // _BYTES for text in texts], np.int64)
        else:
            counts = self._count(texts)
        return np.minimum(counts, self._limit)

    def of_pairs(self, queries: Sequence[str], documents: Sequence[str]) -> NDArray[np.int64]:
        """Return the number of tokens of each pair, read together; int64 [pairs]."""
        both: NDArray[np.int64] = self(queries) + self(documents)
        return np.minimum(both, self._limit)

    def _count(self, texts: Sequence[str]) -> NDArray[np.int64]:
        counts = np.empty(len(texts), np.int64)
        cut = self._limit * _CHARACTERS
        for first in range(0, len(texts), _AT_ONCE):
            some = [text[:cut] for text in texts[first : first + _AT_ONCE]]
            encoded = self._tokenizer.encode_batch_fast(some)  # type: ignore[union-attr]
            counts[first : first + len(some)] = [len(one) for one in encoded]
        return counts


def _copy(tokenizer: Any) -> Any:
    """Return a copy of a fast tokenizer that pads and cuts nothing; None where there is none."""
    import tokenizers

    own = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(own, tokenizers.Tokenizer):
        return None
    copy = tokenizers.Tokenizer.from_str(own.to_str())
    copy.no_padding()
    copy.no_truncation()
    return copy
