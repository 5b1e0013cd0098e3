"""How fast a model encodes the data itself, for a dry run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from negmine.models.encoder import Encoder

SAMPLE = 64  # documents that are encoded to see how fast that is


def timed(encoder: Encoder, texts: Sequence[str]) -> tuple[Any, float]:
    """Return the vectors of documents' texts as `encode` gives them, and how many it encodes in a second.

    Raises as `encode` does, also where there is no text.
    """
    encoder.encode(texts[:1], "document")  # loads the model
    start = time.perf_counter()
    vectors = encoder.encode(texts, "document")
    return vectors, len(texts) / max(time.perf_counter() - start, 1e-6)
